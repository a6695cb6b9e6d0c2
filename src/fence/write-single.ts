import { recordTooLarge } from "../errors/api-errors.ts";
import { SqlFailure } from "../libsql/sql-failure.ts";
import type { Rows } from "../model/sql-value.ts";
import type { SinglePlan } from "../write/plan/write-plan.ts";
import { onlyIf, render } from "../write/sql/statement.ts";
import { fenceCondition } from "./facts.ts";
import type { Attempt, Outcome } from "./fenced-plan.ts";
import { explain, read } from "./read.ts";

/**
 * Runs a write that is one statement, without a transaction: the statement has the fence as a condition. If it
 * returns no row or fails, a second request finds the reason, inside the fence. A statement for a stale schema fails
 * before the database evaluates the condition.
 */
export async function writeSingle<T>(attempt: Attempt<T>, plan: SinglePlan<T>): Promise<Outcome<T>> {
  const { ctx, belief } = attempt;
  let rows: Rows;
  try {
    rows = await ctx.database.run(render(onlyIf(plan.statement, fenceCondition(belief, ctx.now))));
  } catch (failure) {
    if (!(failure instanceof SqlFailure)) throw failure;
    if (failure.isTooLarge) throw recordTooLarge();
    const diagnosis = plan.diagnose(failure);
    const isKnown = diagnosis.questions.length === 0 && diagnosis.conclude([]);
    if (isKnown) throw isKnown;
    return explain(attempt, failure, diagnosis);
  }
  if (rows.length > 0) return { held: true, value: plan.shape(rows) };
  return findMissing(attempt, plan);
}

/** Throws the requirement that is not met. If all are met by now, the write is tried again. */
async function findMissing<T>(attempt: Attempt<T>, plan: SinglePlan<T>): Promise<Outcome<never>> {
  const { requires } = plan;
  const found = await read(attempt, {
    kind: "READ",
    statements: requires.map(({ query }) => query()),
    shape(results) {
      const missing = requires.find((_, i) => results[i]?.length === 0);
      if (missing) throw missing.otherwise();
    },
  }).catch((failure) => afterRequirement(attempt, plan, failure));
  return found.held ? { held: false, facts: undefined } : found;
}

/** The statements before the first requirement. */
const FACTS = 1;

/**
 * A requirement that computes the value to write can fail itself. An earlier requirement that is not met is reported
 * first.
 */
async function afterRequirement<T>(
  attempt: Attempt<T>,
  plan: SinglePlan<T>,
  failure: unknown,
): Promise<Outcome<never>> {
  const error = failure instanceof SqlFailure && plan.diagnose(failure).conclude([]);
  if (!error) throw failure;
  const requires = plan.requires.slice(0, failure.index - FACTS);
  const outcome = await findMissing(attempt, { ...plan, requires });
  if (outcome.held || outcome.facts) return outcome;
  throw error;
}
