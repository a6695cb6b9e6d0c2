import { parseId } from "../../columns/validate-record.ts";
import { recordNotFound } from "../../errors/failures.ts";
import { getEntity } from "../../model/catalog.ts";
import { compileGetById } from "../../query/sql/record-statements.ts";
import { shapeRow, type VersionedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";

export interface RecordAddress {
  readonly entity: string;
  /** As in the path. */
  readonly id: string;
}

/** Throws NOT_FOUND. */
export async function getRecord(
  ctx: WorkspaceContext,
  { entity: name, id: text }: RecordAddress,
): Promise<VersionedRecord> {
  return runFenced(ctx, {
    need: "READ",
    plan({ catalog }) {
      const entity = getEntity(catalog, name);
      const id = parseId(text, entity);
      if (id === undefined) throw recordNotFound(text);
      return {
        statements: [compileGetById(entity, id)],
        shape([rows = []]) {
          const [row] = rows;
          if (!row) throw recordNotFound(text);
          return shapeRow(entity, row);
        },
      };
    },
  });
}
