import { runFenced } from "../../fence/run-fenced.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import { planWrittenView } from "../../query/plan/written-view.ts";
import { planAlone, type WrittenRecord } from "../../write/plan/plan-alone.ts";
import { planCreate } from "../../write/plan/plan-create.ts";
import { validationContextOf } from "../../write/plan/validation-context.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RecordBody, RecordQuery } from "./record-input.ts";

export interface CreateRecordInput extends RecordQuery, RecordBody {
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
      const write = planCreate(target, input.body(), validationContextOf(planning, target));
      return planAlone(write, { target, view });
    },
  });
}
