import { schemaMigrationInProgress } from "../errors/api-errors.ts";
import { AppError } from "../errors/app-error.ts";
import { pause } from "../lib/clock.ts";
import { inTransaction } from "../write/plan/plan-alone.ts";
import { firstBelief, refreshBelief } from "./belief.ts";
import type { FenceContext } from "./fence-context.ts";
import type { Attempt, FencedPlan, FencedWork, Outcome } from "./fenced-plan.ts";
import { limitRate } from "./limit-rate.ts";
import { planOrError } from "./plan-or-error.ts";
import { read, throwPlanningError } from "./read.ts";
import { planAsEarlier, requestOf } from "./replay.ts";
import { writeBatch } from "./write-batch.ts";
import { writeEach } from "./write-each.ts";
import { writeSingle } from "./write-single.ts";

/** A schema that changes more often than this during one request is being migrated. */
const MAX_ATTEMPTS = 4;
/** The wait before the second attempt while another request changes the schema. It doubles each time. */
const PAUSE_MS = 50;

/**
 * Runs a request that was planned on caches, in one round trip, and only if the belief is still true in the same
 * transaction. Otherwise plans it again with the facts. Throws the fence's errors (401, 403, 409), then what `plan`
 * throws, then why the database refused a write.
 */
export async function runFenced<T>(ctx: FenceContext, work: FencedWork<T>): Promise<T> {
  let belief = await firstBelief(ctx);
  await limitRate({ ctx, belief, work });
  for (let count = 1; ; count++) {
    const outcome = await runAttempt({ ctx, belief, work });
    if (outcome.held) return outcome.value;
    if (count === MAX_ATTEMPTS) throw schemaMigrationInProgress();
    if (outcome.facts?.isMigrating) await pause(PAUSE_MS * 2 ** (count - 1));
    belief = await refreshBelief(ctx, belief, outcome.facts);
  }
}

async function runAttempt<T>(attempt: Attempt<T>): Promise<Outcome<T>> {
  const planned = planOrError(attempt, attempt.ctx.now);
  if (!(planned instanceof AppError)) return runPlan(attempt, planned);
  const asEarlier = await planAsEarlier(attempt, planned);
  return asEarlier instanceof AppError ? throwPlanningError(attempt, asEarlier) : runPlan(attempt, asEarlier);
}

function runPlan<T>(attempt: Attempt<T>, plan: FencedPlan<T>): Promise<Outcome<T>> {
  switch (plan.kind) {
    case "READ":
    case "PAGE":
      return read(attempt, plan);
    case "WRITE":
      return writeBatch(attempt, plan);
    case "SINGLE":
      return attempt.belief.actor.kind === "KEY" && !requestOf(attempt)
        ? writeSingle(attempt, plan)
        : writeBatch(attempt, inTransaction(plan));
    case "EACH":
      return plan.together && requestOf(attempt)
        ? writeBatch(attempt, plan.together())
        : writeEach(attempt, plan);
  }
}
