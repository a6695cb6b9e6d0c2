import { LruMap } from "../../../src/lib/lru-map.ts";
import { HranaError } from "../hrana/errors.ts";
import { classifyStatement, type StatementClass } from "./classify-statement.ts";
import { scanTokens, type Token } from "./scan-tokens.ts";

/** One statement of a SQL text; the same object comes back for the same text, so it serves as a cache key. */
export interface SqlStatement extends StatementClass {
  readonly sql: string;
  /** Bind parameters in SQLite's numbering; null for a bare `?`. */
  readonly params: readonly (string | null)[];
}

const MAX_PARAMETER = 32766;
const MAX_CACHED_TEXTS = 4000;
/** Longer texts are one-off imports; keeping them would only cost memory. */
export const MAX_CACHED_LENGTH = 64 * 1024;

const cache = new LruMap<string, readonly SqlStatement[]>(MAX_CACHED_TEXTS);

/** Splits and classifies; throws HranaError SQL_PARSE_ERROR for what a libSQL server refuses. */
export function analyzeScript(sql: string): readonly SqlStatement[] {
  const known = cache.get(sql);
  if (known) return known;
  const statements = splitTokens(scanTokens(sql)).map((tokens) => analyzeTokens(sql, tokens));
  if (sql.length <= MAX_CACHED_LENGTH) cache.set(sql, statements);
  return statements;
}

/** As {@link analyzeScript}, for exactly one statement: SQL_NO_STATEMENT or SQL_MANY_STATEMENTS otherwise. */
export function analyzeStatement(sql: string): SqlStatement {
  const [first, second] = analyzeScript(sql);
  if (!first) throw new HranaError("SQL_NO_STATEMENT", "SQL string does not contain any statement");
  if (second) throw new HranaError("SQL_MANY_STATEMENTS", "SQL string contains more than one statement");
  return first;
}

function analyzeTokens(sql: string, tokens: Token[]): SqlStatement {
  const text = sql.slice(tokens[0]?.start ?? 0, tokens.at(-1)?.end ?? 0);
  const statementClass = classifyStatement(tokens);
  if (!statementClass) {
    throw new HranaError("SQL_PARSE_ERROR", `SQL string could not be parsed: unsupported statement: ${text}`);
  }
  return { ...statementClass, sql: text, params: numberParameters(tokens) };
}

/** Splits at semicolons, except those inside a trigger body, which ends at `; END ;` (sqlite3_complete). */
function splitTokens(tokens: Token[]): Token[][] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  for (const token of tokens) {
    if (token.text === ";" && !isInsideTriggerBody(current)) {
      if (current.length > 0) statements.push(current);
      current = [];
    } else {
      current.push(token);
    }
  }
  if (current.length > 0) statements.push(current);
  return statements;
}

function isInsideTriggerBody(tokens: Token[]): boolean {
  const create = tokens.findIndex((token) => token.text === "CREATE");
  if (create < 0 || create > 3) return false;
  const isTemporary = /^TEMP(ORARY)?$/.test(tokens[create + 1]?.text ?? "");
  if (tokens[create + (isTemporary ? 2 : 1)]?.text !== "TRIGGER") return false;
  return !(tokens.at(-1)?.text === "END" && tokens.at(-2)?.text === ";");
}

/** SQLite's rules: `?` takes the next number, `?N` takes N, a name takes one number for all its uses. */
function numberParameters(tokens: Token[]): (string | null)[] {
  const params: (string | null)[] = [];
  for (const { type, text } of tokens) {
    if (type !== "variable") continue;
    if (text === "?") {
      params.push(null);
    } else if (text.startsWith("?")) {
      const index = Number(text.slice(1));
      if (index > MAX_PARAMETER) continue;
      while (params.length < index) params.push(null);
      params[index - 1] ??= text;
    } else if (!params.includes(text)) {
      params.push(text);
    }
  }
  return params;
}
