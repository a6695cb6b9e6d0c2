import type { SqlFailure } from "../libsql/sql-failure.ts";
import type { Statement } from "../model/sql-value.ts";
import type { Replay } from "../write/plan/write-plan.ts";
import { guardStatement } from "./facts.ts";
import type { Attempt, Outcome } from "./fenced-plan.ts";
import { findStale } from "./read.ts";
import { claimOf, replay } from "./replay.ts";

/** Positions of the guards. */
const GUARD = 0;
const CLAIM = 2;

/** The first statements of a writing transaction: the guard of the belief, and the claim of an Idempotency-Key. */
export function guardsOf(
  attempt: Attempt<unknown>,
  planned: Replay<unknown> | undefined,
): readonly Statement[] {
  const { ctx, belief, work } = attempt;
  return [guardStatement(belief, work.need, ctx.now), ...claimOf(attempt, planned)];
}

/** Returns what a failed guard means; undefined if the failure is not a guard's. */
export async function afterGuard<T>(
  attempt: Attempt<T>,
  planned: Replay<T> | undefined,
  failure: SqlFailure,
): Promise<Outcome<T> | undefined> {
  if (failure.index === GUARD && failure.hasRaised("FENCE")) return findStale(attempt);
  if (failure.index === CLAIM && planned && claimOf(attempt, planned).length > 0)
    return replay(attempt, planned);
  return undefined;
}
