import { parseId } from "../../columns/validate-record.ts";
import { preconditionFailed, recordNotFound } from "../../errors/failures.ts";
import { getEntity } from "../../model/catalog.ts";
import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import { compileDelete, compileExists } from "../../query/sql/record-statements.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { explainDelete } from "./explain-failure.ts";
import type { Precondition, RecordAddress } from "./record-input.ts";
import { expectedVersionOf } from "./update-record.ts";

/**
 * Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, PRECONDITION_FAILED, and FOREIGN_KEY_VIOLATION while other records
 * refer to this one under RESTRICT.
 */
export async function deleteRecord(
  ctx: WorkspaceContext,
  input: RecordAddress & Precondition,
): Promise<void> {
  await runFenced(ctx, {
    need: "WRITE",
    plan({ catalog }) {
      const entity = getEntity(catalog, input.entity);
      rejectUnknownParameters(input.query(), []);
      const id = parseId(input.id, entity);
      if (id === undefined) throw recordNotFound(input.id);
      return {
        statements: [compileExists(entity, id), compileDelete(entity, id, expectedVersionOf(input))],
        shape([existing = [], deleted = []]) {
          if (existing.length === 0) throw recordNotFound(input.id);
          if (deleted.length === 0) throw preconditionFailed();
        },
        explain: (failure) => explainDelete(ctx, failure, { catalog, entity, id }),
      };
    },
  });
}
