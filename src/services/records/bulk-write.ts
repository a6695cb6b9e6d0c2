import { runFenced } from "../../fence/run-fenced.ts";
import type { Operation } from "../../model/access.ts";
import type { JsonValue } from "../../model/json.ts";
import { rejectUnknownParameters, singleParameter } from "../../query/parse/parameters.ts";
import { parseFlag } from "../../query/parse/parse-flag.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import { type BulkAction, requireItems } from "../../write/plan/bulk/bulk-items.ts";
import type { BulkResult } from "../../write/plan/bulk/bulk-result.ts";
import { planBulk } from "../../write/plan/bulk/plan-bulk.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RequestQuery } from "../request-query.ts";

export interface BulkWriteInput extends RequestQuery {
  readonly entity: string;
  readonly action: BulkAction;
  readonly body: () => JsonValue;
  /** Whether the result contains the records. */
  readonly isReturning: boolean;
}

/**
 * Writes up to 100 records of one entity in one round trip: independent of each other, or with `atomic=true` all or
 * none. Throws WORKSPACE_STATUS, NOT_FOUND (entity), BAD_REQUEST; with `atomic` also the error of the first failing
 * item.
 */
export async function bulkWrite(ctx: WorkspaceContext, input: BulkWriteInput): Promise<BulkResult> {
  return runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const { action, isReturning } = input;
      const target = targetIn(planning, input.entity, operationsOf(input));
      const parameters = input.query();
      rejectUnknownParameters(parameters, action === "UPDATE" ? ["atomic", "upsertBy"] : ["atomic"]);
      const isAtomic = parseFlag(parameters, "atomic");
      const upsertBy = singleParameter(parameters, "upsertBy");
      const request = { action, upsertBy, items: requireItems(input.body()), isAtomic, isReturning };
      return planBulk(planning, target, request);
    },
  });
}

/** An upsert can create or update, so it needs both rights. */
function operationsOf({ action, query }: BulkWriteInput): readonly Operation[] {
  if (action !== "UPDATE") return [action === "CREATE" ? "create" : "delete"];
  return query().has("upsertBy") ? ["create", "update"] : ["update"];
}
