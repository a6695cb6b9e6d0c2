import { parseId, recordValidatorOf } from "../../columns/validate-record.ts";
import { recordNotFound, validationFailed } from "../../errors/failures.ts";
import { newUuidV7 } from "../../lib/ids.ts";
import { getEntity } from "../../model/catalog.ts";
import type { JsonObject } from "../../model/json.ts";
import { compileGetById, compileUpdate } from "../../query/sql/record-statements.ts";
import { shapeRow, type VersionedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { explainWrite } from "./explain-failure.ts";
import type { RecordAddress } from "./get-record.ts";

export interface UpdateRecordInput extends RecordAddress {
  readonly body: () => JsonObject;
}

/**
 * Changes what is sent and validates only that; `{}` changes nothing. Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST,
 * VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION, FOREIGN_KEY_VIOLATION.
 */
export async function updateRecord(
  ctx: WorkspaceContext,
  input: UpdateRecordInput,
): Promise<VersionedRecord> {
  return runFenced(ctx, {
    need: "WRITE",
    plan({ catalog }) {
      const entity = getEntity(catalog, input.entity);
      const id = parseId(input.id, entity);
      const now = { iso: ctx.now.toISOString(), generateUuid: newUuidV7 };
      const validated = recordValidatorOf(entity).validateUpdate(input.body(), id ?? null, now);
      if (!validated.ok) throw validationFailed(validated.details);
      if (id === undefined) throw recordNotFound(input.id);
      const { values } = validated;
      return {
        statements: [values.size === 0 ? compileGetById(entity, id) : compileUpdate(entity, id, { values })],
        shape([rows = []]) {
          const [row] = rows;
          if (!row) throw recordNotFound(input.id);
          return shapeRow(entity, row);
        },
        explain: (failure) => explainWrite(ctx, failure, { catalog, entity, values }),
      };
    },
  });
}
