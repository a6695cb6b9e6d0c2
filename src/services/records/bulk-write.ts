import type { StepOutcome } from "../../db/hrana.ts";
import { SqlFailure } from "../../db/sql-failure.ts";
import { AppError, withPrefix } from "../../errors/app-error.ts";
import { type ErrorBody, errorBody } from "../../errors/envelope.ts";
import { toAppError } from "../../errors/to-app-error.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import { rejectUnknownParameters, singleParameter } from "../../query/parse/parameters.ts";
import { parseFlag } from "../../query/parse/parse-flag.ts";
import type { WorkspaceContext } from "../context.ts";
import { type FencedPlan, type IndependentPlan, runFenced } from "../fence/run-fenced.ts";
import { type BulkAction, type PlannedItem, planItems, requireItems } from "./bulk-items.ts";
import { planTogether } from "./plan-together.ts";
import { explainFailures, type PlannedWrite, recordOf } from "./planned-write.ts";
import type { RecordQuery } from "./record-input.ts";
import { targetIn } from "./record-view.ts";

export interface BulkWriteInput extends RecordQuery {
  readonly entity: string;
  readonly action: BulkAction;
  readonly body: () => JsonValue;
  /** Whether the answer holds the records. */
  readonly isReturning: boolean;
}

export interface BulkAnswer {
  readonly succeeded: number;
  readonly failed: number;
  readonly errors?: readonly { readonly index: number; readonly error: ErrorBody }[];
  /** In item order; null for what failed or was deleted. */
  readonly data?: readonly (JsonObject | null)[];
}

/**
 * Up to 100 writes of one entity in one round trip: independent of each other, or with `atomic=true` all or nothing.
 * Throws WORKSPACE_STATUS, NOT_FOUND (entity), BAD_REQUEST; with `atomic` also the error of the first failing item.
 */
export async function bulkWrite(ctx: WorkspaceContext, input: BulkWriteInput): Promise<BulkAnswer> {
  return runFenced<BulkAnswer>(ctx, {
    need: "WRITE",
    plan({ catalog }): FencedPlan<BulkAnswer> | IndependentPlan<BulkAnswer> {
      const target = targetIn(catalog, input.entity);
      const parameters = input.query();
      rejectUnknownParameters(parameters, input.action === "UPDATE" ? ["atomic", "upsertBy"] : ["atomic"]);
      const isAtomic = parseFlag(parameters, "atomic");
      const upsertBy = singleParameter(parameters, "upsertBy");
      const items = planItems(ctx, target, {
        action: input.action,
        upsertBy,
        items: requireItems(input.body()),
      });
      return isAtomic ? planAtomic(ctx, items, input) : planIndependent(ctx, items, input);
    },
  });
}

type Result = { readonly record: JsonObject | null } | AppError;

function planIndependent(
  ctx: WorkspaceContext,
  items: readonly PlannedItem[],
  input: BulkWriteInput,
): IndependentPlan<BulkAnswer> {
  const writes = items.filter((item): item is PlannedWrite => !(item instanceof AppError));
  return {
    independent: writes.map(({ statement }) => statement),
    async conclude(outcomes) {
      const written = await resultsOf(ctx, writes, outcomes);
      const results = items.map((item) => (item instanceof AppError ? item : written[writes.indexOf(item)]));
      return answerOf(
        results.filter((result) => result !== undefined),
        input,
      );
    },
  };
}

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
  const errors = new Map(failed.map(({ i, failure }, n) => [i, explained[n] ?? toAppError(failure)]));
  return writes.map((write, i): Result => {
    const outcome = outcomes[i];
    return errors.get(i) ?? attempt(() => recordOf(write, outcome?.status === "DONE" ? outcome.rows : []));
  });
}

function attempt(shape: () => JsonObject | null): Result {
  try {
    return { record: shape() };
  } catch (thrown) {
    return toAppError(thrown);
  }
}

function planAtomic(
  ctx: WorkspaceContext,
  items: readonly PlannedItem[],
  input: BulkWriteInput,
): FencedPlan<BulkAnswer> {
  const failing = items.findIndex((item) => item instanceof AppError);
  const refusal = items[failing];
  if (refusal instanceof AppError) throw inItem(failing, refusal);
  const writes = items.filter((item): item is PlannedWrite => !(item instanceof AppError));
  const together = planTogether(ctx, writes, { inItem });
  return {
    ...together,
    shape: (results) =>
      answerOf(
        together.recordsOf(results).map((record) => ({ record })),
        input,
      ),
  };
}

const inItem = (index: number, error: AppError) => withPrefix(`Item ${index}: `, error);

function answerOf(results: readonly Result[], { isReturning }: BulkWriteInput): BulkAnswer {
  const errors = results.flatMap((result, index) => {
    return result instanceof AppError ? [{ index, error: errorBody(result) }] : [];
  });
  const data = results.map((result) => (result instanceof AppError ? null : result.record));
  return {
    succeeded: results.length - errors.length,
    failed: errors.length,
    ...(errors.length > 0 && { errors }),
    ...(isReturning && { data }),
  };
}
