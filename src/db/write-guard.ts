import type { SqlFailure } from "../libsql/sql-failure.ts";
import type { Statement } from "../model/sql-value.ts";

/** Fails the transaction if the query finds nothing. The guard is in drizzle/0003_write_guard.sql. */
export function requireSome(query: Statement): Statement {
  return {
    sql: `INSERT INTO write_guard (problem) SELECT 'ABSENT' WHERE NOT EXISTS (${query.sql})`,
    args: query.args,
  };
}

/** Fails the transaction if the query finds something. */
export function requireNone(query: Statement): Statement {
  return {
    sql: `INSERT INTO write_guard (problem) SELECT 'PRESENT' WHERE EXISTS (${query.sql})`,
    args: query.args,
  };
}

/** Fails the transaction. */
export const FAILING: Statement = requireSome({ sql: "SELECT 1 WHERE FALSE", args: [] });

/** Whether the failure comes from a guard. */
export const isGuardFailure = (failure: SqlFailure): boolean => failure.hasRaised("ABSENT");
