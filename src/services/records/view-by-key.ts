import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import { planRecordView } from "../../query/plan/plan-list.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { plainView } from "../../query/plan/written-view.ts";
import { type CompiledViews, compileRecordViews } from "../../query/sql/record/compile-record-view.ts";
import { compiledOnce } from "./compiled-once.ts";

/** A compiled view, and whether it shows related records too. */
interface KeyedView {
  readonly view: CompiledViews;
  readonly isExpanded: boolean;
}

const wholeViews = new WeakMap<Entity, KeyedView>();

/** The view of any record of the entity, by a unique column. */
export function viewByKey(target: RecordTarget, key: Column, parameters: URLSearchParams): KeyedView {
  const { entity, visible } = target;
  const { defaultFields, defaultExpand } = entity.settings;
  if (key.name !== "id" || parameters.size > 0 || defaultFields || defaultExpand || visible.hasRules) {
    const question = `get ${entity.name} by ${key.name}?${parameters}`;
    return compiledOnce(visible, question, () => compile(planRecordView(target, parameters), key));
  }
  const known = wholeViews.get(entity) ?? compile(plainView(target), key);
  wholeViews.set(entity, known);
  return known;
}

const compile = (plan: RecordViewPlan, key: Column): KeyedView => ({
  view: compileRecordViews(plan, key),
  isExpanded: plan.selection.expansions.length > 0,
});
