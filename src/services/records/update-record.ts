import { parseId, recordValidatorOf } from "../../columns/validate-record.ts";
import { preconditionFailed, recordNotFound, validationFailed } from "../../errors/failures.ts";
import { newUuidV7 } from "../../lib/ids.ts";
import { compileRecordView } from "../../query/sql/compile-record-view.ts";
import { compileExists, compileGetById, compileUpdate } from "../../query/sql/record-statements.ts";
import { shapeRow, type VersionedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { explainWrite } from "./explain-failure.ts";
import type { Precondition, RecordAddress, RecordBody } from "./record-input.ts";
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
      const { entity } = target;
      const view = planView(target, input.query());
      const id = parseId(input.id, entity);
      const now = { iso: ctx.now.toISOString(), generateUuid: newUuidV7 };
      const validated = recordValidatorOf(entity).validateUpdate(input.body(), id ?? null, now);
      if (!validated.ok) throw validationFailed(validated.details);
      if (id === undefined) throw recordNotFound(input.id);
      const { values } = validated;
      const expectedVersion = expectedVersionOf(input);
      const write =
        values.size === 0
          ? compileGetById(entity, id)
          : compileUpdate(entity, id, { values, expectedVersion });
      const viewed = view && compileRecordView(view, id);
      return {
        statements: [write, compileExists(entity, id), ...(viewed?.statements ?? [])],
        shape([rows = [], existing = [], ...rest]) {
          const [row] = rows;
          if (existing.length === 0) throw recordNotFound(input.id);
          const written = row && shapeRow(entity, row);
          if (!written || (values.size === 0 && isStale(written.version, expectedVersion)))
            throw preconditionFailed();
          return viewed?.shape(rest) ?? written;
        },
        explain: (failure) => explainWrite(ctx, failure, { catalog, entity, values }),
      };
    },
  });
}

/** No version is below 1, so what nothing can match is 0. Undefined: every version will do. */
export function expectedVersionOf({ expected }: Precondition): number | undefined {
  if (expected === "NONE") return 0;
  return expected === "ANY" ? undefined : expected;
}

const isStale = (version: number, expected: number | undefined) =>
  expected !== undefined && version !== expected;
