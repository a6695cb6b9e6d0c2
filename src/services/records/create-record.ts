import { recordValidatorOf } from "../../columns/validate-record.ts";
import { validationFailed } from "../../errors/failures.ts";
import { newUuidV7 } from "../../lib/ids.ts";
import type { Column } from "../../model/column.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { compileRecordView, LAST_INSERTED } from "../../query/sql/compile-record-view.ts";
import { compileInsert } from "../../query/sql/record-statements.ts";
import { shapeRow, type VersionedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { explainWrite } from "./explain-failure.ts";
import type { RecordBody, RecordQuery } from "./record-input.ts";
import { planView, targetIn } from "./record-view.ts";

export interface CreateRecordInput extends RecordQuery, RecordBody {
  readonly entity: string;
}

export interface CreatedRecord extends VersionedRecord {
  /** Of the path; `fields` may leave it out of the record. */
  readonly id: string;
}

/**
 * Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION,
 * FOREIGN_KEY_VIOLATION.
 */
export async function createRecord(ctx: WorkspaceContext, input: CreateRecordInput): Promise<CreatedRecord> {
  return runFenced(ctx, {
    need: "WRITE",
    plan({ catalog }) {
      const target = targetIn(catalog, input.entity);
      const { entity } = target;
      const view = planView(target, input.query());
      const now = { iso: ctx.now.toISOString(), generateUuid: newUuidV7 };
      const validated = recordValidatorOf(entity).validateCreate(input.body(), now);
      if (!validated.ok) throw validationFailed(validated.details);
      const { values } = validated;
      const viewed = view && compileRecordView(view, idIn(values) ?? LAST_INSERTED);
      return {
        statements: [compileInsert(entity, values), ...(viewed?.statements ?? [])],
        shape([[row = []] = [], ...rest]) {
          const created = viewed?.shape(rest) ?? shapeRow(entity, row);
          return { ...created, id: String(row[0]) };
        },
        explain: (failure) => explainWrite(ctx, failure, { catalog, entity, values }),
      };
    },
  });
}

/** The id that is sent or generated here; undefined when the database will give one. */
function idIn(values: ReadonlyMap<Column, SqlValue>): SqlValue | undefined {
  for (const [column, value] of values) if (column.name === "id") return value;
  return undefined;
}
