import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { planAlone } from "./plan-alone.ts";
import { planDelete } from "./planned-write.ts";
import { expectedVersionOf, type Precondition, type RecordAddress } from "./record-input.ts";
import { targetIn } from "./record-view.ts";

/**
 * Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, PRECONDITION_FAILED, IDEMPOTENCY_CONFLICT, and FOREIGN_KEY_VIOLATION
 * while other records refer to this one under RESTRICT.
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
      const write = planDelete(target, input.id, expectedVersionOf(target.entity, input));
      return planAlone(ctx, write, { target, view: null });
    },
  });
}
