import { ResponseTooLarge } from "../errors/api-errors.ts";
import type { AppError } from "../errors/app-error.ts";
import { SqlFailure } from "../libsql/sql-failure.ts";
import type { Rows } from "../model/sql-value.ts";
import { type Compiled, statementsOf } from "../query/sql/compiled.ts";
import type { Diagnosis } from "../write/failure/diagnosis.ts";
import { admit } from "./admit.ts";
import { type Belief, decodeFacts, type Facts, factsStatement } from "./facts.ts";
import type { FenceContext } from "./fence-context.ts";
import type { Attempt, Outcome } from "./fenced-plan.ts";
import { canReadWithFacts, factsWithPage, splitPage } from "./page-with-facts.ts";

/** Reads the plan's records and the facts in one snapshot. Throws what the facts refuse, then what the plan throws. */
export async function read<T>(attempt: Attempt<unknown>, plan: Compiled<T>): Promise<Outcome<T>> {
  let results: readonly Rows[];
  try {
    results = await readWithFacts(attempt.ctx, attempt.belief, plan);
  } catch (failure) {
    // For instance, a name that the schema no longer has.
    if (!(failure instanceof SqlFailure || failure instanceof ResponseTooLarge)) throw failure;
    const facts = await findFacts(attempt);
    if (admit(facts, attempt) === "STALE") return { held: false, facts };
    throw failure;
  }
  const [known, ...own] = results;
  const facts = decodeFacts(known ?? []);
  if (admit(facts, attempt) === "STALE") return { held: false, facts };
  return { held: true, value: plan.shape(own) };
}

/** Returns rows of the facts, then of each statement of the plan. */
async function readWithFacts(
  { database }: FenceContext,
  belief: Belief,
  plan: Compiled<unknown>,
): Promise<readonly Rows[]> {
  if (plan.kind === "PAGE" && canReadWithFacts(plan)) {
    const [rows = []] = await database.read([factsWithPage(belief, plan)]);
    return splitPage(rows);
  }
  return database.read([factsStatement(belief), ...statementsOf(plan)]);
}

async function findFacts({ ctx, belief }: Attempt<unknown>): Promise<Facts | undefined> {
  const [rows = []] = await ctx.database.read([factsStatement(belief)]);
  return decodeFacts(rows);
}

/** Throws the error of planning, unless the facts give one that comes first, or the belief was stale. */
export async function throwPlanningError(
  attempt: Attempt<unknown>,
  error: AppError,
): Promise<Outcome<never>> {
  const facts = await findFacts(attempt);
  if (admit(facts, attempt, error) === "STALE") return { held: false, facts };
  throw error;
}

/** Finds out why the fence stopped a write. Throws what the facts refuse. */
export async function findStale(attempt: Attempt<unknown>): Promise<Outcome<never>> {
  const facts = await findFacts(attempt);
  admit(facts, attempt);
  return { held: false, facts };
}

/**
 * Finds out why the database refused a statement. Its questions run inside the fence, because names of a stale belief
 * may mean something else now. Throws the explanation, or else the failure.
 */
export async function explain(
  attempt: Attempt<unknown>,
  failure: SqlFailure,
  { questions, conclude }: Diagnosis,
): Promise<Outcome<never>> {
  return read(attempt, {
    kind: "READ",
    statements: questions,
    shape(answers) {
      throw conclude(answers) ?? failure;
    },
  });
}
