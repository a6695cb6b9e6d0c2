import { runFenced } from "../../fence/run-fenced.ts";
import type { JsonObject } from "../../model/json.ts";
import { planMatching } from "../../query/plan/plan-matching.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import {
  type MatchingResult,
  planMatchingCount,
  planMatchingDelete,
  planMatchingUpdate,
  planMatchingWrite,
} from "../../write/plan/plan-matching-write.ts";
import { validationContextOf } from "../../write/plan/validation-context.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RequestQuery } from "../request-query.ts";

export interface MatchingInput extends RequestQuery {
  readonly entity: string;
  /** The changes; null deletes the records. */
  readonly changes: (() => JsonObject) | null;
  /** Whether the result contains the records. */
  readonly isReturning: boolean;
}

/**
 * Changes or deletes the records that match a filter, all or none. Throws WORKSPACE_STATUS, NOT_FOUND (entity),
 * BAD_REQUEST, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION, FOREIGN_KEY_VIOLATION.
 */
export async function writeMatching(ctx: WorkspaceContext, input: MatchingInput): Promise<MatchingResult> {
  return runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const { entity, changes, query, isReturning } = input;
      const target = targetIn(planning, entity, [changes ? "update" : "delete", "read"]);
      const matching = planMatching(target, query());
      const write = changes
        ? planMatchingUpdate(target, { matching, body: changes() }, validationContextOf(planning, target))
        : planMatchingDelete(target, matching);
      return matching.isDryRun
        ? planMatchingCount(target, write, matching)
        : planMatchingWrite(target, write, { matching, isReturning });
    },
  });
}
