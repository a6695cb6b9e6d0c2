import { compileRecordView, LAST_INSERTED } from "../../query/sql/compile-record-view.ts";
import { shapeRow, type VersionedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { explainFailure, planCreate, surroundingsOf } from "./planned-write.ts";
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
      const view = planView(target, input.query());
      const write = planCreate(target, input.body(), surroundingsOf(ctx));
      const viewed = view && compileRecordView(view, write.id ?? LAST_INSERTED);
      return {
        statements: [write.statement, ...(viewed?.statements ?? [])],
        shape([[row = []] = [], ...rest]) {
          const created = viewed?.shape(rest) ?? shapeRow(target.entity, row);
          return { ...created, id: String(row[0]) };
        },
        explain: (failure) => explainFailure(ctx, write, failure),
      };
    },
  });
}
