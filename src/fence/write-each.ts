import { recordTooLarge, serviceUnavailable } from "../errors/api-errors.ts";
import { AppError } from "../errors/app-error.ts";
import { toAppError } from "../errors/to-app-error.ts";
import { logFailure, logWarning } from "../lib/logger.ts";
import { budgetErrorOf, isUnavailable } from "../libsql/database.ts";
import { SqlFailure } from "../libsql/sql-failure.ts";
import type { StepOutcome } from "../libsql/step.ts";
import type { Rows } from "../model/sql-value.ts";
import type { Diagnosis } from "../write/failure/diagnosis.ts";
import type { EachItem, EachPlan, ItemOutcome, Requirement } from "../write/plan/write-plan.ts";
import type { FenceContext } from "./fence-context.ts";
import type { Attempt, Outcome } from "./fenced-plan.ts";
import { afterGuard, guardsOf } from "./guards.ts";
import { read } from "./read.ts";
import { keepingOf, keepResult } from "./replay.ts";

/**
 * Runs independent writes behind the guards in one transaction. Once it has committed, the response is built from the
 * outcomes, even if the questions about failed items cannot be answered.
 */
export async function writeEach<T>(attempt: Attempt<T>, plan: EachPlan<T>): Promise<Outcome<T>> {
  const { ctx } = attempt;
  const guards = guardsOf(attempt, plan.replay);
  const planned = plan.items();
  const items = planned.map(({ statement, keep }) => ({ statement, follower: keepingOf(attempt, keep) }));
  let outcomes: readonly StepOutcome[];
  try {
    outcomes = await ctx.database.writeEach(guards, items);
  } catch (failure) {
    if (!(failure instanceof SqlFailure)) throw failure;
    const guarded = await afterGuard(attempt, plan.replay, failure);
    if (guarded) return guarded;
    throw failure;
  }
  const value = plan.conclude(await explainEach(attempt, planned, outcomes));
  await keepResult(attempt, plan.keptOf(value));
  return { held: true, value };
}

interface FailedItem {
  readonly index: number;
  /** Returns undefined if the item did nothing. */
  readonly failure?: SqlFailure;
  readonly diagnosis: Diagnosis;
}

/** Finds which of several requirements an item did not meet. A single requirement needs no question. */
function diagnoseNothing(requires: readonly Requirement[]): Diagnosis {
  return {
    questions: requires.map(({ query }) => query()),
    conclude(answers) {
      const missing = requires.find((_, i) => answers?.[i]?.length === 0) ?? requires[0];
      return missing?.otherwise();
    },
  };
}

/** Outcomes with public errors. The questions about all failed items cost one round trip. */
async function explainEach(
  attempt: Attempt<unknown>,
  items: readonly EachItem[],
  outcomes: readonly StepOutcome[],
): Promise<readonly ItemOutcome[]> {
  const failed = items.flatMap(({ diagnose, requires }, index): FailedItem[] => {
    const outcome = outcomes[index];
    const isNothing = outcome?.status === "DONE" && outcome.rows.length + outcome.affected === 0;
    if (isNothing && requires.length > 1) return [{ index, diagnosis: diagnoseNothing(requires) }];
    if (outcome?.status !== "FAILED") return [];
    const failure = new SqlFailure(index, outcome.code, outcome.message);
    return [{ index, failure, diagnosis: diagnose(failure) }];
  });
  const answers = await askAfterCommit(
    attempt,
    failed.map(({ diagnosis }) => diagnosis),
  );
  const errors = new Map(
    failed.map(({ index, failure, diagnosis }, i) => {
      const error = diagnosis.conclude(answers?.[i]);
      return [index, error ?? (failure && unexplained(attempt.ctx, failure))] as const;
    }),
  );
  return items.map((_, index): ItemOutcome => {
    const outcome = outcomes[index];
    const error = errors.get(index);
    if (outcome?.status === "DONE" && !error) return outcome;
    return error ?? toAppError(new Error("an item was left out"));
  });
}

/**
 * Returns the results of the questions by diagnosis; undefined if they are not available, or the schema has changed
 * and the questions mean something else.
 */
async function askAfterCommit(
  attempt: Attempt<unknown>,
  diagnoses: readonly Diagnosis[],
): Promise<readonly (readonly Rows[])[] | undefined> {
  const statements = diagnoses.flatMap(({ questions }) => questions);
  if (statements.length === 0) return diagnoses.map(() => []);
  const shape = (rows: readonly Rows[]) => {
    let start = 0;
    return diagnoses.map(({ questions }) => {
      const own = rows.slice(start, start + questions.length);
      start += questions.length;
      return own;
    });
  };
  try {
    const asked = await read(attempt, { kind: "READ", statements, shape });
    return asked.held ? asked.value : undefined;
  } catch (cause) {
    if (!(cause instanceof AppError)) logWarning("could not find out why items were refused", cause);
    return undefined;
  }
}

/** The error of an item if the failure is the server's. The request continues, so the failure is logged here. */
function unexplained({ requestId }: FenceContext, failure: SqlFailure): AppError {
  const known = failure.isTooLarge ? recordTooLarge() : budgetErrorOf(failure);
  if (known) return known;
  const error = isUnavailable(failure.code) ? serviceUnavailable(failure) : toAppError(failure);
  logFailure(requestId, error);
  return error;
}
