import { HranaError } from "../hrana/errors.ts";

/** Primary result codes by number, under the names libsql-server gives them (hrana/stmt.rs). */
const CODES: Readonly<Record<number, string>> = {
  2: "SQLITE_INTERNAL",
  3: "SQLITE_PERM",
  4: "SQLITE_ABORT",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  7: "SQLITE_NOMEM",
  8: "SQLITE_READONLY",
  9: "SQLITE_INTERRUPT",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  12: "SQLITE_NOTFOUND",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  15: "SQLITE_PROTOCOL",
  17: "SQLITE_SCHEMA",
  18: "SQLITE_TOOBIG",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  21: "SQLITE_MISUSE",
  22: "SQLITE_NOLFS",
  23: "SQLITE_AUTH",
  25: "SQLITE_RANGE",
  26: "SQLITE_NOTADB",
};

const GENERIC_ERROR = 1;
const SYNTAX_ERROR = /^(near "|unrecognized token|incomplete input)/;

/** Errors for which SQLite knows the place in the SQL text, which the real server reports. */
const LOCATED = [
  /^no such column: (?:.*\.)?(.+)$/,
  /^ambiguous column name: (?:.*\.)?(.+)$/,
  /^no such function: (.+)$/,
  /^(?:wrong number of arguments to|misuse of aggregate|misuse of window) (?:function )?(.+)\(\)$/,
  /^(?:table|view|index|there is already a table named) (?:main\.)?["']?(.+?)["']?(?: already exists)?$/,
];

/** Turns an error of the native driver into the one a libSQL server answers; others pass unchanged. */
export function toHranaError(error: unknown, sql: string): unknown {
  const { rawCode, message } = (error ?? {}) as { rawCode?: unknown; message?: unknown };
  if (typeof rawCode !== "number" || typeof message !== "string") return error;
  const primaryCode = rawCode & 0xff;
  if (primaryCode !== GENERIC_ERROR) {
    return new HranaError(CODES[primaryCode] ?? "SQLITE_UNKNOWN", `SQLite error: ${message}`);
  }
  if (SYNTAX_ERROR.test(message)) {
    return new HranaError("SQL_PARSE_ERROR", `SQL string could not be parsed: ${message}`);
  }
  const offset = findErrorOffset(message, sql);
  if (offset < 0) return new HranaError("SQLITE_UNKNOWN", `SQLite error: ${message}`);
  return new HranaError("SQL_INPUT_ERROR", `SQL input error: ${message} (at offset ${offset})`);
}

/** The column that a statement names and that does not exist. */
export function missingColumnOf(error: unknown): string | undefined {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" ? /^no such column: (.+)$/s.exec(message)?.[1] : undefined;
}

export function databaseBusy(): HranaError {
  return new HranaError("SQLITE_BUSY", "SQLite error: database is locked");
}

export function tooBig(): HranaError {
  return new HranaError("SQLITE_TOOBIG", "SQLite error: string or blob too big");
}

export function isBusy(error: unknown): boolean {
  return error instanceof HranaError && error.code === "SQLITE_BUSY";
}

export function databaseReadonly(): HranaError {
  return new HranaError("SQLITE_READONLY", "SQLite error: attempt to write a readonly database");
}

/** The driver does not pass SQLite's offset on, so it is the first place of the name; bytes, or -1. */
function findErrorOffset(message: string, sql: string): number {
  for (const pattern of LOCATED) {
    const name = pattern.exec(message)?.[1];
    if (name === undefined) continue;
    const index = sql.indexOf(name);
    return index < 0 ? -1 : Buffer.byteLength(sql.slice(0, index));
  }
  return -1;
}
