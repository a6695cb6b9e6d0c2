import { recordNotFound } from "../../errors/failures.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { nameRecord } from "../../query/plan/named-record.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import { planRecordView } from "../../query/plan/plan-list.ts";
import { type RecordTarget, targetIn } from "../../query/plan/target-in.ts";
import { plainView } from "../../query/plan/written-view.ts";
import { type CompiledViews, compileRecordViews } from "../../query/sql/record/compile-record-view.ts";
import type { TaggedRecord } from "../../query/sql/record/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import { compiledOnce } from "./compiled-once.ts";
import type { RecordAddress } from "./record-input.ts";

export interface ReadRecord extends TaggedRecord {
  /** Whether the response contains other records too, whose writes do not change this one's version. */
  readonly isExpanded: boolean;
}

/** Throws NOT_FOUND, BAD_REQUEST. */
export async function getRecord(ctx: WorkspaceContext, input: RecordAddress): Promise<ReadRecord> {
  return runFenced(ctx, {
    need: "READ",
    plan(planning) {
      const target = targetIn(planning, input.entity, ["read"]);
      const parameters = input.query();
      const { column, value, shown } = nameRecord(target, input);
      const { view, isExpanded } = shownBy(target, column, parameters);
      if (value === undefined) throw recordNotFound(shown);
      return {
        kind: "PAGE",
        page: target.visible.bind(view.of(value)),
        value: null,
        shape([rows = []]) {
          const [row] = rows;
          if (!row) throw recordNotFound(shown);
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

/** The view of any record of the entity, by a unique column. */
function shownBy(target: RecordTarget, key: Column, parameters: URLSearchParams): ShownRecord {
  const { entity, visible } = target;
  const { defaultFields, defaultExpand } = entity.settings;
  if (key.name !== "id" || parameters.size > 0 || defaultFields || defaultExpand || visible.hasRules) {
    const question = `get ${entity.name} by ${key.name}?${parameters}`;
    return compiledOnce(visible, question, () => compile(planRecordView(target, parameters), key));
  }
  const known = shownWhole.get(entity) ?? compile(plainView(target), key);
  shownWhole.set(entity, known);
  return known;
}

const compile = (plan: RecordViewPlan, key: Column): ShownRecord => ({
  view: compileRecordViews(plan, key),
  isExpanded: plan.selection.expansions.length > 0,
});
