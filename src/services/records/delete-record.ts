import { runFenced } from "../../fence/run-fenced.ts";
import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import { type Precondition, versionRulesOf } from "../../write/plan/expected-version.ts";
import { planAlone } from "../../write/plan/plan-alone.ts";
import { planDelete } from "../../write/plan/plan-delete.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RecordAddress } from "./record-input.ts";

/**
 * Deletes a record. Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, PRECONDITION_FAILED, IDEMPOTENCY_CONFLICT, and
 * FOREIGN_KEY_VIOLATION while other records refer to it under RESTRICT.
 */
export async function deleteRecord(
  ctx: WorkspaceContext,
  input: RecordAddress & Precondition,
): Promise<void> {
  await runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const target = targetIn(planning, input.entity, ["delete"]);
      rejectUnknownParameters(input.query(), []);
      const write = planDelete(target, input, versionRulesOf(target.entity, input));
      return planAlone(write, { target, view: null });
    },
  });
}
