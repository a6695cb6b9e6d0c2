import type { Statement } from "../model/sql-value.ts";
import type { SqlFailure } from "./sql-failure.ts";

/** Fails the transaction when the query finds nothing; see drizzle/0003_write_guard.sql. */
export function requireSome(query: Statement): Statement {
  return {
    sql: `INSERT INTO write_guard (problem) SELECT 'ABSENT' WHERE NOT EXISTS (${query.sql})`,
    args: query.args,
  };
}

export const hasFoundNothing = (failure: SqlFailure): boolean => failure.hasRaised("ABSENT");
