import { recordValidatorOf } from "../../columns/validate-record.ts";
import { validationFailed } from "../../errors/failures.ts";
import { newUuidV7 } from "../../lib/ids.ts";
import { getEntity } from "../../model/catalog.ts";
import type { JsonObject } from "../../model/json.ts";
import { compileInsert } from "../../query/sql/record-statements.ts";
import { shapeRow, type VersionedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { explainWrite } from "./explain-failure.ts";

export interface CreateRecordInput {
  readonly entity: string;
  /** The body, or its error when called. */
  readonly body: () => JsonObject;
}

/**
 * Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION,
 * FOREIGN_KEY_VIOLATION.
 */
export async function createRecord(
  ctx: WorkspaceContext,
  input: CreateRecordInput,
): Promise<VersionedRecord> {
  return runFenced(ctx, {
    need: "WRITE",
    plan({ catalog }) {
      const entity = getEntity(catalog, input.entity);
      const now = { iso: ctx.now.toISOString(), generateUuid: newUuidV7 };
      const validated = recordValidatorOf(entity).validateCreate(input.body(), now);
      if (!validated.ok) throw validationFailed(validated.details);
      const { values } = validated;
      return {
        statements: [compileInsert(entity, values)],
        shape: ([rows]) => shapeRow(entity, rows?.[0] ?? []),
        explain: (failure) => explainWrite(ctx, failure, { catalog, entity, values }),
      };
    },
  });
}
