import { quoteText } from "../columns/text.ts";
import type { SqlValue, Statement } from "../model/sql-value.ts";

/* DDL takes no bound parameters. Names match NAME_PATTERN and are quoted. Literals are escaped only here. */

export const statement = (sql: string, args: readonly SqlValue[] = []): Statement => ({ sql, args });

export function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  return typeof value === "string" ? quoteText(value) : String(value);
}
