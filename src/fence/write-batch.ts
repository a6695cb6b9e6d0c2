import { recordTooLarge } from "../errors/api-errors.ts";
import { SqlFailure } from "../libsql/sql-failure.ts";
import type { Rows } from "../model/sql-value.ts";
import { known } from "../write/failure/diagnosis.ts";
import type { WritePlan, WriteStep } from "../write/plan/write-plan.ts";
import type { Attempt, Outcome } from "./fenced-plan.ts";
import { afterGuard, guardsOf } from "./guards.ts";
import { explain } from "./read.ts";
import { keepingOf } from "./replay.ts";
import { writeEach } from "./write-each.ts";

/** Runs steps behind the guards in one transaction, all or none. */
export async function writeBatch<T>(attempt: Attempt<T>, plan: WritePlan<T>): Promise<Outcome<T>> {
  const { ctx } = attempt;
  const guards = guardsOf(attempt, plan.replay);
  const steps = plan.replay ? withKeeping(attempt, plan.steps) : plan.steps;
  let results: readonly Rows[];
  try {
    const statements = [...guards, ...steps.map(({ statement }) => statement)];
    results = (await ctx.database.write(statements, plan.timeoutMs)).slice(guards.length);
  } catch (failure) {
    if (!(failure instanceof SqlFailure)) throw failure;
    const guarded = await afterGuard(attempt, plan.replay, failure);
    if (guarded) return guarded;
    if (failure.index < guards.length) throw failure;
    if (plan.otherwise) return writeEach(attempt, plan.otherwise());
    if (failure.isTooLarge) throw recordTooLarge();
    return afterStep(attempt, steps[failure.index - guards.length], failure);
  }
  const own = steps === plan.steps ? results : results.filter((_, i) => !isKeeping(steps[i]));
  return { held: true, value: plan.shape(own) };
}

/** A step that stores the outcome of the step before it, for a replay. */
interface KeepingStep extends WriteStep {
  readonly isKeeping: true;
}

const isKeeping = (step: WriteStep | KeepingStep | undefined) => step !== undefined && "isKeeping" in step;

function withKeeping(
  attempt: Attempt<unknown>,
  steps: readonly WriteStep[],
): readonly (WriteStep | KeepingStep)[] {
  return steps.flatMap((step): (WriteStep | KeepingStep)[] => {
    const statement = keepingOf(attempt, step.keep);
    return statement ? [step, { statement, isKeeping: true }] : [step];
  });
}

/** The guard succeeded in the same transaction, so an explanation that needs no question is right. */
async function afterStep(
  attempt: Attempt<unknown>,
  step: WriteStep | undefined,
  failure: SqlFailure,
): Promise<Outcome<never>> {
  const diagnosis = step?.diagnose?.(failure) ?? known(undefined);
  if (diagnosis.questions.length === 0) throw diagnosis.conclude([]) ?? failure;
  return explain(attempt, failure, diagnosis);
}
