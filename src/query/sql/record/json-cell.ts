import { type SQL, sql } from "drizzle-orm";
import { columnTypeOf } from "../../../columns/registry.ts";
import type { Column } from "../../../model/column.ts";
import type { SqlValue } from "../../../model/sql-value.ts";

/** A value in the texts that `compileJsonRow` makes. */
export type JsonCell = null | string | number;

/**
 * JSON numbers lose digits of 64-bit integers, and SQLite prints 15 digits of a double. printf turns null into zero.
 */
export function compileJsonCell(value: SQL, column: Column): SQL {
  const { jsonTransport } = columnTypeOf(column);
  if (jsonTransport === "TEXT") return sql`CAST(${value} AS TEXT)`;
  if (jsonTransport === "REAL17")
    return sql`CASE WHEN ${value} IS NOT NULL THEN printf('%!.17g', ${value}) END`;
  return value;
}

/** The stored value of such a JSON value. */
export function readJsonCell(cell: JsonCell, column: Column): SqlValue {
  const { jsonTransport } = columnTypeOf(column);
  if (cell === null || jsonTransport === undefined) return cell;
  const number = Number(cell);
  return jsonTransport === "REAL17" || Number.isSafeInteger(number) ? number : BigInt(cell);
}
