import { runFenced } from "../../fence/run-fenced.ts";
import type { JsonObject } from "../../model/json.ts";
import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import { planTransaction, targetOperations } from "../../write/plan/plan-transaction.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RequestQuery } from "../request-query.ts";
import type { RecordBody } from "./record-input.ts";
import { parseTransaction } from "./transaction-body.ts";

/**
 * Writes to several entities in order, all or none, in one round trip. Returns records by operation; null for deletes.
 * Throws WORKSPACE_STATUS, BAD_REQUEST, and the error of an operation with `Operation {i}: ` before its message.
 * Validation problems of all operations are reported together.
 */
export async function runTransaction(
  ctx: WorkspaceContext,
  input: RecordBody & RequestQuery,
): Promise<readonly (JsonObject | null)[]> {
  return runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const operations = targetOperations(planning, parseTransaction(input.body()));
      rejectUnknownParameters(input.query(), []);
      return planTransaction(planning, operations);
    },
  });
}
