import { runFenced } from "../../fence/run-fenced.ts";
import { planList } from "../../query/plan/plan-list.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import { compileList, type ListResult } from "../../query/sql/page/compile-list.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RequestQuery } from "../request-query.ts";
import { readOnce } from "./compiled-once.ts";

export interface ListRecordsInput extends RequestQuery {
  readonly entity: string;
}

/** Throws NOT_FOUND, BAD_REQUEST. */
export async function listRecords(
  ctx: WorkspaceContext,
  { entity, query }: ListRecordsInput,
): Promise<ListResult> {
  return runFenced(ctx, {
    need: "READ",
    plan(planning) {
      const target = targetIn(planning, entity, ["read"]);
      const params = query();
      const question = `list ${entity}?${params}`;
      return readOnce(target.visible, question, () => compileList(planList(target, params)));
    },
  });
}
