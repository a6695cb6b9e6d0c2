import { runFenced } from "../../fence/run-fenced.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import { planWrittenView } from "../../query/plan/written-view.ts";
import { planAlone, type WrittenRecord } from "../../write/plan/plan-alone.ts";
import { planCreation } from "../../write/plan/plan-creation.ts";
import { noneEarlier } from "../../write/plan/references.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RequestQuery } from "../request-query.ts";
import type { RecordBody } from "./record-input.ts";

export interface CreateRecordInput extends RequestQuery, RecordBody {
  readonly entity: string;
}

/**
 * Creates a record. Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION,
 * FOREIGN_KEY_VIOLATION, IDEMPOTENCY_CONFLICT.
 */
export async function createRecord(ctx: WorkspaceContext, input: CreateRecordInput): Promise<WrittenRecord> {
  return runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const target = targetIn(planning, input.entity, ["create"]);
      const view = planWrittenView(target, input.query());
      const creating = { planning, earlier: noneEarlier(1), hasReferences: false, mayNest: true };
      const { write } = planCreation({ target, body: input.body(), name: input.entity }, creating);
      return planAlone(write, { target, view });
    },
  });
}
