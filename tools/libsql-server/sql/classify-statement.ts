import { isPragmaAllowed, isPragmaWrite, isSessionPragma, type Pragma } from "./pragmas.ts";
import type { Token } from "./scan-tokens.ts";

export type BeginMode = "deferred" | "immediate" | "readonly";

/** What the server must know of a statement before it runs. */
export interface StatementClass {
  /** Needs the writer slot. */
  readonly isWrite: boolean;
  /** Changes rows, so that `changes()` speaks of it. */
  readonly isRowChange: boolean;
  readonly isInsert: boolean;
  /** Does not list several rows after VALUES. */
  readonly isSingleRow: boolean;
  /** May change the schema, also by undoing (ROLLBACK TO). */
  readonly isSchemaChange: boolean;
  readonly isExplain: boolean;
  readonly isPragma: boolean;
  /** Leaves a setting on the connection that the next user must not find. */
  readonly isSessionChange: boolean;
  readonly begin: BeginMode | undefined;
}

const READ: StatementClass = {
  isWrite: false,
  isRowChange: false,
  isInsert: false,
  isSingleRow: true,
  isSchemaChange: false,
  isExplain: false,
  isPragma: false,
  isSessionChange: false,
  begin: undefined,
};
const ROW_CHANGE: StatementClass = { ...READ, isWrite: true, isRowChange: true };
const INSERT: StatementClass = { ...ROW_CHANGE, isInsert: true };
const SCHEMA_CHANGE: StatementClass = { ...READ, isWrite: true, isSchemaChange: true };

/** A verb that is not listed is left to the engine, which answers with its own syntax error. */
const BY_VERB: Readonly<Record<string, (tokens: Token[]) => StatementClass | undefined>> = {
  SELECT: () => READ,
  VALUES: () => READ,
  INSERT: classifyInsert,
  REPLACE: classifyInsert,
  UPDATE: () => ROW_CHANGE,
  DELETE: () => ROW_CHANGE,
  CREATE: (tokens) => (isTemporary(tokens) ? undefined : SCHEMA_CHANGE),
  DROP: () => SCHEMA_CHANGE,
  ALTER: () => SCHEMA_CHANGE,
  BEGIN: classifyBegin,
  ROLLBACK: (tokens) =>
    tokens.some((token) => token.text === "TO") ? { ...READ, isSchemaChange: true } : READ,
  PRAGMA: classifyPragma,
  ATTACH: () => undefined,
  DETACH: () => undefined,
  VACUUM: () => undefined,
  REINDEX: () => undefined,
  ANALYZE: () => undefined,
};

/** `undefined` for a statement that a libSQL server refuses (query_analysis.rs, `StmtKind::kind`). */
export function classifyStatement(tokens: Token[]): StatementClass | undefined {
  const body = withoutExplain(tokens);
  const classify = BY_VERB[findVerb(body)];
  if (body === tokens) return classify ? classify(body) : READ;
  if (body[0]?.text === "PRAGMA" && !classifyPragma(body)) return undefined;
  return { ...READ, isExplain: true, isPragma: body[0]?.text === "PRAGMA" };
}

function withoutExplain(tokens: Token[]): Token[] {
  if (tokens[0]?.text !== "EXPLAIN") return tokens;
  return tokens.slice(tokens[1]?.text === "QUERY" ? 3 : 1);
}

/** The first word, or after a WITH clause the word that follows its last closing parenthesis. */
function findVerb(tokens: Token[]): string {
  if (tokens[0]?.text !== "WITH") return tokens[0]?.type === "word" ? tokens[0].text : "";
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    const followsClosing = tokens[index - 1]?.text === ")";
    if (depth === 0 && followsClosing && token.type === "word" && token.text !== "AS") return token.text;
  }
  return "";
}

function classifyInsert(tokens: Token[]): StatementClass {
  const listsRows = tokens.some(({ text }, index) => {
    return text === "," && tokens[index - 1]?.text === ")" && tokens[index + 1]?.text === "(";
  });
  return { ...INSERT, isSingleRow: !listsRows };
}

function isTemporary(tokens: Token[]): boolean {
  if (/^TEMP(ORARY)?$/.test(tokens[1]?.text ?? "")) return true;
  const dot = tokens.findIndex((token) => token.text === ".");
  const isBeforeBody =
    dot >= 0 && !tokens.slice(0, dot).some((token) => /^(\(|AS|ON|BEGIN)$/.test(token.text));
  return isBeforeBody && unquote(tokens[dot - 1]?.text ?? "") === "temp";
}

function classifyBegin(tokens: Token[]): StatementClass {
  const words = new Set(tokens.map((token) => token.text));
  if (words.has("READONLY")) return { ...READ, begin: "readonly" };
  if (words.has("IMMEDIATE") || words.has("EXCLUSIVE")) return { ...READ, isWrite: true, begin: "immediate" };
  return { ...READ, begin: "deferred" };
}

function classifyPragma(tokens: Token[]): StatementClass | undefined {
  const nameAt = tokens[2]?.text === "." ? 3 : 1;
  const pragma: Pragma = {
    name: unquote(tokens[nameAt]?.text ?? ""),
    hasValue: tokens.length > nameAt + 1,
  };
  if (!isPragmaAllowed(pragma)) return undefined;
  return {
    ...READ,
    isPragma: true,
    isWrite: isPragmaWrite(pragma),
    isSessionChange: isSessionPragma(pragma),
  };
}

function unquote(text: string): string {
  return text.replace(/^["'`[]|["'`\]]$/g, "").toLowerCase();
}
