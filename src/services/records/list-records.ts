import { getEntity } from "../../model/catalog.ts";
import { planList } from "../../query/plan/plan-list.ts";
import { READ_EVERYTHING } from "../../query/plan/target.ts";
import { compileList } from "../../query/sql/compile-list.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";

export interface ListRecordsInput {
  readonly entity: string;
  /** The query, or its error when called. */
  readonly query: () => URLSearchParams;
}

/** Throws NOT_FOUND, BAD_REQUEST. */
export async function listRecords(ctx: WorkspaceContext, { entity: name, query }: ListRecordsInput) {
  return runFenced(ctx, {
    need: "READ",
    plan({ catalog }) {
      const entity = getEntity(catalog, name);
      return compileList(planList({ catalog, entity, scope: READ_EVERYTHING }, query()));
    },
  });
}
