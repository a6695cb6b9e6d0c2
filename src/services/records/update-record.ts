import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { planAlone, type WrittenRecord } from "./plan-alone.ts";
import { planUpdate, surroundingsOf } from "./planned-write.ts";
import { expectedVersionOf, type Precondition, type RecordAddress, type RecordBody } from "./record-input.ts";
import { planWrittenView, targetIn } from "./record-view.ts";

export interface UpdateRecordInput extends RecordAddress, RecordBody, Precondition {}

/**
 * Changes what is sent and validates only that; `{}` changes nothing. Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST,
 * VALIDATION_ERROR, PRECONDITION_FAILED, UNIQUE_CONSTRAINT_VIOLATION, FOREIGN_KEY_VIOLATION, IDEMPOTENCY_CONFLICT.
 */
export async function updateRecord(ctx: WorkspaceContext, input: UpdateRecordInput): Promise<WrittenRecord> {
  return runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const target = targetIn(planning, input.entity, ["update"]);
      const view = planWrittenView(target, input.query());
      const request = {
        id: input.id,
        body: input.body(),
        expectedVersion: expectedVersionOf(target.entity, input),
      };
      return planAlone(ctx, planUpdate(target, request, surroundingsOf(ctx, target)), { target, view });
    },
  });
}
