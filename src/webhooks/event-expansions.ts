import type { JsonObject } from "../model/json.ts";
import { MAX_EXPANSIONS } from "../query/limits.ts";
import type { RecordViewPlan } from "../query/plan/plan.ts";
import { planRecordView } from "../query/plan/plan-list.ts";
import { READ_EVERYTHING } from "../query/plan/target.ts";
import { treeWithIds, treeWithNames } from "../query/rules/rule-names.ts";
import type { EventPlace } from "./event-filter.ts";

/*
 * Relationships that a webhook adds to records at delivery, such as `lines.product`. Stored with ids instead of names.
 */

export const MAX_EVENT_EXPANSIONS = MAX_EXPANSIONS;

/** Throws BAD_REQUEST for a path that does not fit the entity. */
export function expandWithIds(place: EventPlace, paths: readonly string[]): readonly string[] {
  planExpansions(place, paths);
  return Object.keys(treeWithIds(place.catalog, place.entity, treeOf(paths)));
}

/** Returns the paths with current names; undefined if one of them was deleted. */
export function expandWithNames({ catalog, entity }: EventPlace, paths: readonly string[]) {
  const tree = treeWithNames(catalog, entity, treeOf(paths));
  return tree && Object.keys(tree);
}

/** Plans the relationships of a record, without its own columns. Throws BAD_REQUEST. */
export function planExpansions({ catalog, entity }: EventPlace, paths: readonly string[]): RecordViewPlan {
  const target = { catalog, entity, scope: READ_EVERYTHING };
  const parameters = new URLSearchParams({ expand: paths.join(",") });
  const plan = planRecordView(target, parameters, { defaultExpand: null, defaultFields: null });
  return { ...plan, selection: { ...plan.selection, columns: [] } };
}

const treeOf = (paths: readonly string[]): JsonObject =>
  Object.fromEntries(paths.map((path) => [path, null]));
