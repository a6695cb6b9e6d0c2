/** `word` is a keyword, bare identifier or number; `quoted` a string or quoted identifier. */
export type TokenType = "word" | "quoted" | "variable" | "punct";

/** `text` is upper case for words, verbatim otherwise; `start` and `end` are UTF-16 offsets. */
export interface Token {
  readonly type: TokenType;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const IDENTIFIER_RUN = /[A-Za-z0-9_$\u0080-\uffff]+/y;
const NUMBER_RUN = /[0-9][A-Za-z0-9_.]*/y;
const VARIABLE_RUN = /\?[0-9]*|[:@$](?:[A-Za-z0-9_$\u0080-\uffff]|::)+/y;
const SPACE_RUN = /[\s\ufeff]+/y;
const CLOSING_QUOTE = new Map([
  ["'", "'"],
  ['"', '"'],
  ["`", "`"],
  ["[", "]"],
]);

/**
 * Splits SQL into tokens by SQLite's lexical rules (tokenize.c), without comments and white space.
 * Never fails: what SQLite would refuse becomes `punct`, and the engine reports it.
 */
export function scanTokens(sql: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < sql.length) {
    const spaceEnd = skipBlank(sql, position);
    if (spaceEnd > position) {
      position = spaceEnd;
      continue;
    }
    const token = readToken(sql, position);
    tokens.push(token);
    position = token.end;
  }
  return tokens;
}

function readToken(sql: string, start: number): Token {
  const variableEnd = matchAt(VARIABLE_RUN, sql, start);
  if (variableEnd > start) return makeToken(sql, { type: "variable", start, end: variableEnd });
  const quotedEnd = findQuotedEnd(sql, start);
  if (quotedEnd > start) return makeToken(sql, { type: "quoted", start, end: quotedEnd });
  const wordEnd = matchAt(NUMBER_RUN, sql, start) || matchAt(IDENTIFIER_RUN, sql, start);
  if (wordEnd > start) return makeToken(sql, { type: "word", start, end: wordEnd });
  return makeToken(sql, { type: "punct", start, end: start + 1 });
}

function makeToken(sql: string, span: { type: TokenType; start: number; end: number }): Token {
  const text = sql.slice(span.start, span.end);
  return { ...span, text: span.type === "word" ? text.toUpperCase() : text };
}

function skipBlank(sql: string, start: number): number {
  if (sql.startsWith("--", start)) return endAfter(sql, "\n", start);
  if (sql.startsWith("/*", start)) return endAfter(sql, "*/", start + 2);
  return matchAt(SPACE_RUN, sql, start);
}

/** Searched with indexOf: literals may be megabytes long, too long for a backtracking pattern. */
function findQuotedEnd(sql: string, start: number): number {
  const closing = CLOSING_QUOTE.get(sql.charAt(start));
  if (closing === undefined) return 0;
  let end = endAfter(sql, closing, start + 1);
  while (closing !== "]" && sql.charAt(end) === closing) end = endAfter(sql, closing, end + 1);
  return end;
}

function endAfter(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found < 0 ? sql.length : found + mark.length;
}

/** The end of the match that begins exactly at `position`, or 0. */
function matchAt(pattern: RegExp, sql: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(sql) ? pattern.lastIndex : 0;
}
