import type { SqlValue } from "../model/sql-value.ts";
import type { Parsed } from "./column-type.ts";

export const accept = (value: SqlValue): Parsed => ({ ok: true, value });
export const refuse = (message: string, value?: SqlValue): Parsed =>
  value === undefined ? { ok: false, message } : { ok: false, message, value };
