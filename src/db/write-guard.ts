import type { Statement } from "../model/sql-value.ts";
import type { SqlFailure } from "./sql-failure.ts";

export type GuardProblem = "ABSENT" | "STALE";

/** Fails the transaction with `problem` when the query finds nothing. */
export function requireSome(query: Statement, problem: GuardProblem): Statement {
  const sql = `INSERT INTO write_guard (problem) SELECT ? WHERE NOT EXISTS (${query.sql})`;
  return { sql, args: [problem, ...query.args] };
}

export function guardProblemOf(failure: SqlFailure): GuardProblem | undefined {
  if (failure.hasRaised("ABSENT")) return "ABSENT";
  return failure.hasRaised("STALE") ? "STALE" : undefined;
}
