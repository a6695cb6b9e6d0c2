import { runFenced } from "../../fence/run-fenced.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import { planWrittenView } from "../../query/plan/written-view.ts";
import { type Precondition, versionRulesOf } from "../../write/plan/expected-version.ts";
import { planAlone, type WrittenRecord } from "../../write/plan/plan-alone.ts";
import { planUpdate } from "../../write/plan/plan-update.ts";
import { validationContextOf } from "../../write/plan/validation-context.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RecordAddress, RecordBody } from "./record-input.ts";

export interface UpdateRecordInput extends RecordAddress, RecordBody, Precondition {}

/**
 * Changes and validates the sent fields only; `{}` changes nothing. Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST,
 * VALIDATION_ERROR, PRECONDITION_FAILED, UNIQUE_CONSTRAINT_VIOLATION, FOREIGN_KEY_VIOLATION, IDEMPOTENCY_CONFLICT.
 */
export async function updateRecord(ctx: WorkspaceContext, input: UpdateRecordInput): Promise<WrittenRecord> {
  return runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const target = targetIn(planning, input.entity, ["update"]);
      const view = planWrittenView(target, input.query());
      const rules = versionRulesOf(target.entity, input);
      const request = { id: input.id, by: input.by, body: input.body(), rules };
      const write = planUpdate(target, request, validationContextOf(planning, target));
      return planAlone(write, { target, view });
    },
  });
}
