import type { SqlFailure } from "../libsql/sql-failure.ts";
import type { Statement } from "../model/sql-value.ts";

/** Fails the transaction when the query finds nothing; the guard is in drizzle/0003_write_guard.sql. */
export function requireSome(query: Statement): Statement {
  return {
    sql: `INSERT INTO write_guard (problem) SELECT 'ABSENT' WHERE NOT EXISTS (${query.sql})`,
    args: query.args,
  };
}

/** Fails the transaction when the query finds something. */
export function requireNone(query: Statement): Statement {
  return {
    sql: `INSERT INTO write_guard (problem) SELECT 'PRESENT' WHERE EXISTS (${query.sql})`,
    args: query.args,
  };
}

/** Fails the transaction. */
export const FAILING: Statement = requireSome({ sql: "SELECT 1 WHERE FALSE", args: [] });

/** Whether it was a guard that failed, whatever it guards. */
export const isGuardFailure = (failure: SqlFailure): boolean => failure.hasRaised("ABSENT");
