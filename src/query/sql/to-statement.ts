import type { SQL } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import type { SqlValue, Statement } from "../../model/sql-value.ts";

const dialect = new SQLiteAsyncDialect();

/** Renders a Drizzle query without a driver. Everything bound in this layer is a `SqlValue`. */
export function toStatement(query: SQL): Statement {
  const { sql, params } = dialect.sqlToQuery(query);
  return { sql, args: params.map(toSqlValue) };
}

function toSqlValue(param: unknown): SqlValue {
  if (param === null) return null;
  if (typeof param === "string" || typeof param === "number" || typeof param === "bigint") return param;
  throw new TypeError(`A ${typeof param} was bound to a statement`);
}
