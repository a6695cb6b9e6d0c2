import { parseId } from "../../columns/validate-record.ts";
import { recordNotFound } from "../../errors/failures.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { Entity } from "../../model/entity.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import { planRecordView } from "../../query/plan/plan-list.ts";
import { type RecordTarget, targetIn } from "../../query/plan/target-in.ts";
import { plainView } from "../../query/plan/written-view.ts";
import { type CompiledViews, compileRecordViews } from "../../query/sql/compile-record-view.ts";
import type { TaggedRecord } from "../../query/sql/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { compiledOnce } from "./compiled-once.ts";
import type { RecordAddress } from "./record-input.ts";

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
      const parameters = input.query();
      const id = parseId(input.id, entity);
      const { view, isExpanded } = shownBy(target, parameters);
      if (id === undefined) throw recordNotFound(input.id);
      return {
        kind: "PAGE",
        page: target.visible.bind(view.of(id)),
        value: null,
        shape([rows = []]) {
          const [row] = rows;
          if (!row) throw recordNotFound(input.id);
          return { ...view.shape(String(row[0])), isExpanded };
        },
      };
    },
  });
}

interface ShownRecord {
  readonly view: CompiledViews;
  readonly isExpanded: boolean;
}

const shownWhole = new WeakMap<Entity, ShownRecord>();

/** The view of any record of the entity. */
function shownBy(target: RecordTarget, parameters: URLSearchParams): ShownRecord {
  const { entity, visible } = target;
  const { defaultFields, defaultExpand } = entity.settings;
  if (parameters.size > 0 || defaultFields || defaultExpand || visible.hasRules) {
    const question = `get ${entity.name}?${parameters}`;
    return compiledOnce(visible, question, () => compile(planRecordView(target, parameters)));
  }
  const known = shownWhole.get(entity) ?? compile(plainView(target));
  shownWhole.set(entity, known);
  return known;
}

const compile = (plan: RecordViewPlan): ShownRecord => ({
  view: compileRecordViews(plan),
  isExpanded: plan.selection.expansions.length > 0,
});
