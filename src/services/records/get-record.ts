import { parseId } from "../../columns/validate-record.ts";
import { recordNotFound } from "../../errors/failures.ts";
import { compileRecordView } from "../../query/sql/compile-record-view.ts";
import { compileGetById } from "../../query/sql/record-statements.ts";
import { shapeRow, type TaggedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import type { RecordAddress } from "./record-input.ts";
import { planReadView, targetIn } from "./record-view.ts";

export interface ReadRecord extends TaggedRecord {
  /** Whether the answer holds other records too, whose writes do not change this one's version. */
  readonly isExpanded: boolean;
}

/** Throws NOT_FOUND, BAD_REQUEST. */
export async function getRecord(ctx: WorkspaceContext, input: RecordAddress): Promise<ReadRecord> {
  return runFenced(ctx, {
    need: "READ",
    plan(planning) {
      const target = targetIn(planning, input.entity, ["read"]);
      const { entity } = target;
      const view = planReadView(target, input.query());
      const id = parseId(input.id, entity);
      if (id === undefined) throw recordNotFound(input.id);
      if (!view) {
        return {
          statements: [compileGetById(entity, id)],
          isRecord: true,
          shape([rows = []]) {
            const [row] = rows;
            if (!row) throw recordNotFound(input.id);
            return { ...shapeRow(entity, row), isExpanded: false };
          },
        };
      }
      const viewed = compileRecordView(view, id);
      return {
        statements: viewed.statements,
        isRecord: true,
        shape(results) {
          const found = viewed.shape(results);
          if (!found) throw recordNotFound(input.id);
          return { ...found, isExpanded: view.selection.expansions.length > 0 };
        },
      };
    },
  });
}
