import { runFenced } from "../../fence/run-fenced.ts";
import { planAggregate } from "../../query/plan/plan-aggregate.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import { type AggregateResult, compileAggregate } from "../../query/sql/aggregate/compile-aggregate.ts";
import type { WorkspaceContext } from "../context.ts";
import { readOnce } from "./compiled-once.ts";
import type { ListRecordsInput } from "./list-records.ts";

/** Throws NOT_FOUND, BAD_REQUEST. */
export async function aggregateRecords(
  ctx: WorkspaceContext,
  { entity, query }: ListRecordsInput,
): Promise<AggregateResult> {
  return runFenced(ctx, {
    need: "READ",
    plan(planning) {
      const target = targetIn(planning, entity, ["read"]);
      const params = query();
      const question = `aggregate ${entity}?${params}`;
      return readOnce(target.visible, question, () => compileAggregate(planAggregate(target, params)));
    },
  });
}
