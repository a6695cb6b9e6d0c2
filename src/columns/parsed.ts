import type { SqlValue } from "../model/sql-value.ts";
import type { Parsed } from "./column-type.ts";

/** The message for a number that a double cannot represent, if a string is possible. */
export const INEXACT = "cannot be stored exactly: send it as a string";

export const accept = (value: SqlValue): Parsed => ({ ok: true, value });
export const refuse = (message: string, value?: SqlValue): Parsed =>
  value === undefined ? { ok: false, message } : { ok: false, message, value };
