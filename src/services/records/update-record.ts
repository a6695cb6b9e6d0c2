import { preconditionFailed, recordNotFound } from "../../errors/failures.ts";
import { compileRecordView } from "../../query/sql/compile-record-view.ts";
import { compileExists } from "../../query/sql/record-statements.ts";
import type { VersionedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { explainFailure, planUpdate, surroundingsOf } from "./planned-write.ts";
import { expectedVersionOf, type Precondition, type RecordAddress, type RecordBody } from "./record-input.ts";
import { planView, targetIn } from "./record-view.ts";

export interface UpdateRecordInput extends RecordAddress, RecordBody, Precondition {}

/**
 * Changes what is sent and validates only that; `{}` changes nothing. Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST,
 * VALIDATION_ERROR, PRECONDITION_FAILED, UNIQUE_CONSTRAINT_VIOLATION, FOREIGN_KEY_VIOLATION.
 */
export async function updateRecord(
  ctx: WorkspaceContext,
  input: UpdateRecordInput,
): Promise<VersionedRecord> {
  return runFenced(ctx, {
    need: "WRITE",
    plan({ catalog }) {
      const target = targetIn(catalog, input.entity);
      const view = planView(target, input.query());
      const expectedVersion = expectedVersionOf(input);
      const request = { id: input.id, body: input.body(), expectedVersion };
      const write = planUpdate(target, request, surroundingsOf(ctx));
      const id = write.id ?? null;
      const viewed = view && compileRecordView(view, id);
      return {
        statements: [write.statement, compileExists(target.entity, id), ...(viewed?.statements ?? [])],
        shape([rows = [], existing = [], ...rest]) {
          if (existing.length === 0) throw recordNotFound(input.id);
          const written = rows.length > 0 ? write.shape(rows) : null;
          const isStale =
            write.values.size === 0 && expectedVersion !== undefined && written?.version !== expectedVersion;
          if (!written || isStale) throw preconditionFailed();
          return viewed?.shape(rest) ?? written;
        },
        explain: (failure) => explainFailure(ctx, write, failure),
      };
    },
  });
}
