import { keepAnswer } from "../../db/idempotency.ts";
import type { AppError } from "../../errors/app-error.ts";
import { idempotencyConflict, serviceUnavailable } from "../../errors/failures.ts";
import { toAppError } from "../../errors/to-app-error.ts";
import { logFailure } from "../../lib/logger.ts";
import { isUnavailable } from "../../libsql/database.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import type { StepOutcome } from "../../libsql/step.ts";
import type { Operation } from "../../model/access.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import { rejectUnknownParameters, singleParameter } from "../../query/parse/parameters.ts";
import { parseFlag } from "../../query/parse/parse-flag.ts";
import { compileInsertAll, withoutRows } from "../../query/sql/record-statements.ts";
import type { WorkspaceContext } from "../context.ts";
import type { FencedPlan, IndependentPlan } from "../fence/fenced-plan.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { answerOf, type BulkAnswer, foreseenAnswer, type Result, replayAnswer } from "./bulk-answer.ts";
import { type BulkAction, isWrite, type PlannedBulk, planItems, requireItems } from "./bulk-items.ts";
import { inItem, planAtomic } from "./plan-atomic-bulk.ts";
import { keepingOf, planTogether } from "./plan-together.ts";
import { explainFailures, type PlannedWrite, recordOf } from "./planned-write.ts";
import type { RecordQuery } from "./record-input.ts";
import { idempotentRequestOf, targetIn } from "./record-view.ts";

export interface BulkWriteInput extends RecordQuery {
  readonly entity: string;
  readonly action: BulkAction;
  readonly body: () => JsonValue;
  /** Whether the answer holds the records. */
  readonly isReturning: boolean;
}

/**
 * Up to 100 writes of one entity in one round trip: independent of each other, or with `atomic=true` all or nothing.
 * Throws WORKSPACE_STATUS, NOT_FOUND (entity), BAD_REQUEST; with `atomic` also the error of the first failing item.
 */
export async function bulkWrite(ctx: WorkspaceContext, input: BulkWriteInput): Promise<BulkAnswer> {
  try {
    return await runBulk(ctx, input, { mayPlanOnSuccess: true });
  } catch (thrown) {
    if (thrown !== SOME_FAILED) throw thrown;
    return runBulk(ctx, input, { mayPlanOnSuccess: false });
  }
}

/** Why independent items that were tried together, counting on their success, have to be tried one by one. */
const SOME_FAILED = new Error("some items of a bulk request failed");

async function runBulk(
  ctx: WorkspaceContext,
  input: BulkWriteInput,
  { mayPlanOnSuccess }: { readonly mayPlanOnSuccess: boolean },
): Promise<BulkAnswer> {
  return runFenced<BulkAnswer>(ctx, {
    need: "WRITE",
    plan(planning): FencedPlan<BulkAnswer> | IndependentPlan<BulkAnswer> {
      const operations = operationsOf(input);
      const target = targetIn(planning, input.entity, operations);
      const parameters = input.query();
      rejectUnknownParameters(parameters, input.action === "UPDATE" ? ["atomic", "upsertBy"] : ["atomic"]);
      const isAtomic = parseFlag(parameters, "atomic");
      const upsertBy = singleParameter(parameters, "upsertBy");
      const items = planItems(ctx, target, {
        action: input.action,
        upsertBy,
        items: requireItems(input.body()),
      });
      const { action, isReturning } = input;
      const bulk = { target, items, action, isReturning };
      if (isAtomic) return planAtomic(ctx, bulk);
      return (mayPlanOnSuccess && planOnSuccess(ctx, bulk)) || planIndependent(ctx, bulk);
    },
  });
}

/** An upsert is both, whatever it turns out to be. */
function operationsOf({ action, query }: BulkWriteInput): readonly Operation[] {
  if (action !== "UPDATE") return [action === "CREATE" ? "create" : "delete"];
  return query().has("upsertBy") ? ["create", "update"] : ["update"];
}

/**
 * All items together, counting on their success: creates because one INSERT is far cheaper than a hundred, and all of a
 * request with an Idempotency-Key because then one row keeps the answer instead of one for each record. When any fails,
 * now or in an earlier request with the key, they are tried one by one. Undefined where that cannot work out.
 */
function planOnSuccess(ctx: WorkspaceContext, bulk: PlannedBulk): FencedPlan<BulkAnswer> | undefined {
  const { target, items, action } = bulk;
  const writes = items.filter(isWrite);
  const answer = foreseenAnswer(bulk);
  if (!answer || writes.length < items.length) return undefined;
  const request = idempotentRequestOf(ctx);
  const answerText = JSON.stringify(answer);
  const kept = request ? [keepAnswer(request, answerText)] : [];
  const isOneInsert = action === "CREATE" && !refersToItself(target.entity);
  if (!isOneInsert && !request) return undefined;
  const targeted = writes.map((write) => ({ write, target }));
  return {
    statements: isOneInsert
      ? [
          compileInsertAll(
            target.entity,
            writes.map(({ values }) => values),
          ),
          ...kept,
        ]
      : planTogether(ctx, targeted, { inItem, answer: answerText }).statements,
    shape: () => answer,
    explain: async () => SOME_FAILED,
    replay(kept) {
      const earlier = replayAnswer(kept);
      if (!earlier) throw SOME_FAILED;
      return earlier;
    },
  };
}

/** Then an item could refer to a later one, if all were created by one statement. */
const refersToItself = ({ name, columns }: Entity) =>
  columns.some(({ references }) => references?.entity === name);

function planIndependent(ctx: WorkspaceContext, bulk: PlannedBulk): IndependentPlan<BulkAnswer> {
  const { target, items } = bulk;
  const writes = items.filter(isWrite);
  const keeping = keepingOf(
    idempotentRequestOf(ctx),
    writes.map((write) => ({ write, target })),
  );
  const answerWith = (written: readonly (Result | undefined)[], isReturning: boolean) => {
    const results = items.map((item) => (isWrite(item) ? written[writes.indexOf(item)] : item));
    return answerOf(
      results.filter((result) => result !== undefined),
      { isReturning },
    );
  };
  return {
    independent: writes.map(({ statement }, i) => ({
      statement: bulk.isReturning ? statement : withoutRows(statement),
      follower: keeping.statementsOf(i)[0],
    })),
    async conclude(outcomes) {
      const answer = answerWith(await resultsOf(ctx, writes, outcomes), bulk.isReturning);
      await keepWhole(ctx, answer);
      return answer;
    },
    replay(kept) {
      const earlier = replayAnswer(kept);
      if (earlier) return earlier;
      if (kept.records.size > writes.length)
        throw idempotencyConflict("was used when the key was allowed more");
      const records = keeping.recordsOf(kept);
      return answerWith(
        writes.map((_, i) => (kept.records.has(i) ? { record: records[i] ?? null } : OUTCOME_LOST)),
        true,
      );
    },
  };
}

/**
 * Why items were refused is known only here, and what is kept of records does not say that there were none in the answer:
 * such an answer is kept as it is, in a round trip of its own.
 */
async function keepWhole(ctx: WorkspaceContext, answer: BulkAnswer): Promise<void> {
  const request = idempotentRequestOf(ctx);
  const isFinal = !answer.errors?.some(({ error }) => error.code === "SERVICE_UNAVAILABLE");
  if (request && (answer.failed > 0 || !answer.data) && isFinal)
    await ctx.database.write([keepAnswer(request, JSON.stringify(answer))]);
}

/** Of an item that the database refused, when its answer could not be kept. */
const OUTCOME_LOST = idempotencyConflict(
  "was used for an item that was refused, and why is not known any more",
);

/** Results of the statements that ran; the questions of all that failed cost one more round trip together. */
async function resultsOf(
  ctx: WorkspaceContext,
  writes: readonly PlannedWrite[],
  outcomes: readonly StepOutcome[],
) {
  const failed = writes.flatMap((write, i) => {
    const outcome = outcomes[i];
    if (outcome?.status !== "FAILED") return [];
    const failure = new SqlFailure(i, outcome.code, outcome.message);
    return [{ i, failure, diagnosis: write.diagnose(failure) }];
  });
  const explained = await explainFailures(
    ctx,
    failed.map(({ diagnosis }) => diagnosis),
  );
  const errors = new Map(failed.map(({ i, failure }, n) => [i, explained[n] ?? unexplained(ctx, failure)]));
  return writes.map((write, i): Result => {
    const outcome = outcomes[i];
    const isDone = outcome?.status === "DONE";
    if (isDone && outcome.rows.length === 0 && outcome.affected > 0) return { record: null };
    return errors.get(i) ?? attempt(() => recordOf(write, isDone ? outcome.rows : []));
  });
}

/** An item's failure that is ours: the request goes on, so it is logged here. */
function unexplained({ requestId }: WorkspaceContext, failure: SqlFailure): AppError {
  const error = isUnavailable(failure.code) ? serviceUnavailable(failure) : toAppError(failure);
  logFailure(requestId, error);
  return error;
}

function attempt(shape: () => JsonObject | null): Result {
  try {
    return { record: shape() };
  } catch (thrown) {
    return toAppError(thrown);
  }
}
