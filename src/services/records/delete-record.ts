import { parseId } from "../../columns/validate-record.ts";
import { recordNotFound } from "../../errors/failures.ts";
import { getEntity } from "../../model/catalog.ts";
import { compileDelete } from "../../query/sql/record-statements.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { explainDelete } from "./explain-failure.ts";
import type { RecordAddress } from "./get-record.ts";

/** Throws WORKSPACE_STATUS, NOT_FOUND, FOREIGN_KEY_VIOLATION while others refer to the record under RESTRICT. */
export async function deleteRecord(
  ctx: WorkspaceContext,
  { entity: name, id: text }: RecordAddress,
): Promise<void> {
  await runFenced(ctx, {
    need: "WRITE",
    plan({ catalog }) {
      const entity = getEntity(catalog, name);
      const id = parseId(text, entity);
      if (id === undefined) throw recordNotFound(text);
      return {
        statements: [compileDelete(entity, id)],
        shape([rows = []]) {
          if (rows.length === 0) throw recordNotFound(text);
        },
        explain: (failure) => explainDelete(ctx, failure, { catalog, entity, id }),
      };
    },
  });
}
