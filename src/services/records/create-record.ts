import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { planAlone, type WrittenRecord } from "./plan-alone.ts";
import { planCreate, surroundingsOf } from "./planned-write.ts";
import type { RecordBody, RecordQuery } from "./record-input.ts";
import { planWrittenView, targetIn } from "./record-view.ts";

export interface CreateRecordInput extends RecordQuery, RecordBody {
  readonly entity: string;
}

/**
 * Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION,
 * FOREIGN_KEY_VIOLATION, IDEMPOTENCY_CONFLICT.
 */
export async function createRecord(ctx: WorkspaceContext, input: CreateRecordInput): Promise<WrittenRecord> {
  return runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const target = targetIn(planning, input.entity, ["create"]);
      const view = planWrittenView(target, input.query());
      const write = planCreate(target, input.body(), surroundingsOf(ctx, target));
      return planAlone(ctx, write, { target, view });
    },
  });
}
