import { keepRecord } from "../../db/idempotency.ts";
import { isGuardFailure, requireNone, requireSome } from "../../db/write-guard.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { isSureToFit, onlyId } from "../../query/sql/record-statements.ts";
import type { TaggedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import type { FencedPlan } from "../fence/fenced-plan.ts";
import { explainFailure, type PlannedWrite } from "./planned-write.ts";
import { idempotentRequestOf, plainView } from "./record-view.ts";

export interface WrittenRecord extends TaggedRecord {
  /** Of the path; `fields` may leave it out of the record. */
  readonly id: string;
}

/** One write as a batch: what it requires, the write, its view if one is asked for and can be shown, what is kept. */
export function planAlone(
  ctx: WorkspaceContext,
  write: PlannedWrite,
  { target, view }: { readonly target: QueryTarget; readonly view: RecordViewPlan | null },
): FencedPlan<WrittenRecord> {
  const request = idempotentRequestOf(ctx);
  const guards = write.requires.map(({ query }) => requireSome(query));
  const viewed = view && write.view(view);
  const checks = view ? write.checks(view) : [];
  const kept = request && (viewed ?? write.view(plainView(target)));
  const position = guards.length;
  const firstCheck = position + 1;
  const statements = [
    ...guards,
    viewed ? onlyId(write.statement) : write.statement,
    ...checks.map(({ query }) => requireNone(query)),
    ...(viewed ? [viewed.statement] : []),
    ...(request ? [keepRecord(request, 0, kept?.statement)] : []),
  ];
  return {
    statements,
    ...(statements.length === firstCheck && isSureToFit(target.entity) && { single: write }),
    shape(results) {
      const [row = []] = results[position] ?? [];
      if (viewed) return viewed.shape(String(results[firstCheck + checks.length]?.[0]?.[0]));
      return { ...(write.shape([row]) ?? NOTHING), id: String(row[0]) };
    },
    async explain(failure) {
      if (!isGuardFailure(failure)) return explainFailure(ctx, write, failure);
      const { index } = failure;
      return write.requires[index]?.otherwise() ?? checks[index - firstCheck]?.refusal();
    },
    replay: ({ records }) => kept?.shape(records.get(0) ?? "") ?? { ...NOTHING, id: "" },
  };
}

/** What is left of a deleted record. */
const NOTHING: TaggedRecord = { record: {}, tag: "0" };
