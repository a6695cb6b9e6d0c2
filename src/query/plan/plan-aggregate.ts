import { columnTypeOf } from "../../columns/registry.ts";
import { badRequest } from "../../errors/api-errors.ts";
import type { MeasureAst, SortTermAst } from "../ast.ts";
import { MAX_JOINED_RELATIONSHIPS } from "../limits.ts";
import { familiesOfMeasure } from "../measures.ts";
import { echo, unknownName } from "../messages.ts";
import { parseAggregate } from "../parse/parse-aggregate.ts";
import type { AggregatePlan, AggregateSortKey, FieldPath, Measure } from "./plan.ts";
import { planFilter } from "./plan-filter.ts";
import { defaultNulls, rejectUnordered } from "./plan-sort.ts";
import { resolveField } from "./resolve-path.ts";
import type { QueryTarget } from "./target.ts";

/** Plans measures over the filtered records, per group. Throws BAD_REQUEST naming the parameter and the value. */
export function planAggregate(target: QueryTarget, params: URLSearchParams): AggregatePlan {
  const ast = parseAggregate(params);
  const { entity, scope } = target;
  const measures = distinct(
    ast.measures.map((measure) => planMeasure(measure, target)),
    nameOfMeasure,
  );
  const groupBy = distinct(
    ast.groupBy.map((path) => resolveField(target, path, "groupBy")),
    ({ name }) => name,
  );
  rejectCollisions(groupBy, measures);
  rejectTooManyJoins([...groupBy, ...measures.flatMap(({ field }) => field ?? [])]);
  return {
    entity,
    scope,
    predicates: planFilter(target, ast.filter),
    measures,
    groupBy,
    sort: planAggregateSort(ast.sort, groupBy, measures),
  };
}

/** The name of a measure in `sort`: `count`, `sum.total`. */
export const nameOfMeasure = ({ function: name, field }: Measure): string =>
  field ? `${name}.${field.name}` : name;

function planMeasure(measure: MeasureAst, target: QueryTarget): Measure {
  const { function: name, path } = measure;
  if (!path) return { function: name, field: null };
  const field = resolveField(target, path, "measure");
  if (!familiesOfMeasure[name].includes(columnTypeOf(field.column).family)) {
    throw badRequest(
      `Measure '${name}' does not fit field ${echo(field.name)}, which is ${field.column.type}`,
    );
  }
  return { function: name, field };
}

/** Groups and measures are neighbours in the response. */
function rejectCollisions(groupBy: readonly FieldPath[], measures: readonly Measure[]): void {
  const taken = groupBy.find(({ name }) => measures.some((measure) => measure.function === name));
  if (taken) throw badRequest(`Cannot group by ${echo(taken.name)} together with a measure of the same name`);
}

/** Joins the common part of several paths only once. */
function rejectTooManyJoins(fields: readonly FieldPath[]): void {
  const ways = fields.flatMap(({ hops }) =>
    hops.map((_, end) =>
      hops
        .slice(0, end + 1)
        .map(({ relationship }) => relationship.name)
        .join("."),
    ),
  );
  if (new Set(ways).size <= MAX_JOINED_RELATIONSHIPS) return;
  throw badRequest(
    `Measures and groups go through more than ${MAX_JOINED_RELATIONSHIPS} relationships together — ask in several requests`,
  );
}

/** The requested keys, then the groups, so that the order is total. */
function planAggregateSort(
  terms: readonly SortTermAst[],
  groupBy: readonly FieldPath[],
  measures: readonly Measure[],
): readonly AggregateSortKey[] {
  const groupNames = groupBy.map(({ name }) => name);
  const measureNames = measures.map(nameOfMeasure);
  const asked = terms.map(({ path, direction, nulls }): AggregateSortKey => {
    const name = path.join(".");
    const group = groupNames.indexOf(name);
    const measure = measureNames.indexOf(name);
    if (group < 0 && measure < 0) {
      throw unknownName(
        `Cannot sort by ${echo(name)} — it is neither a group nor a measure of this request`,
        { name, known: [...groupNames, ...measureNames] },
      );
    }
    const asked = groupBy[group];
    if (asked) rejectUnordered(asked);
    const by =
      group < 0 ? { kind: "MEASURE" as const, index: measure } : { kind: "GROUP" as const, index: group };
    return { direction, nulls: nulls ?? defaultNulls(direction), by };
  });
  const ties = groupBy.map(
    (_, index): AggregateSortKey => ({ direction: "asc", nulls: "nullsFirst", by: { kind: "GROUP", index } }),
  );
  return distinct([...asked, ...ties], ({ by }) => `${by.kind} ${by.index}`);
}

function distinct<Item>(items: readonly Item[], nameOf: (item: Item) => string): readonly Item[] {
  const names = items.map(nameOf);
  return items.filter((_, index) => names.indexOf(names[index] ?? "") === index);
}
