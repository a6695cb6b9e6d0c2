import { type SQL, sql } from "drizzle-orm";
import { badRequest } from "../../../errors/api-errors.ts";
import type { JsonObject, JsonValue } from "../../../model/json.ts";
import type { SqlValue } from "../../../model/sql-value.ts";
import { MAX_GROUPS } from "../../limits.ts";
import type { AggregatePlan, AggregateSortKey } from "../../plan/plan.ts";
import type { Compiled } from "../compiled.ts";
import { keyword, list } from "../fragments.ts";
import { Joins } from "../joins.ts";
import { compileWhere } from "../page/compile-page.ts";
import { toJson } from "../record/shape-record.ts";
import { Sources } from "../sources.ts";
import { type CompiledMeasure, compileMeasure } from "./compile-measure.ts";

export interface AggregateResult {
  readonly data: readonly JsonObject[];
}

/** One statement. It reads one group more than allowed, so that too many groups are refused instead of cut. */
export function compileAggregate(plan: AggregatePlan): Compiled<AggregateResult> {
  const sources = new Sources(plan.scope);
  const source = sources.use(plan.entity);
  const joins = new Joins(source, sources);
  const groups = plan.groupBy.map((field) => joins.column(field));
  const measures = plan.measures.map(({ function: name, field }) =>
    compileMeasure(name, field && { name: field.name, column: field.column, sql: joins.column(field) }),
  );
  const cells = list([...groups, ...measures.flatMap((measure) => measure.cells)]);
  const where =
    plan.predicates.length > 0 ? sql` WHERE ${compileWhere(plan.predicates, source, sources)}` : sql``;
  const groupBy = groups.length > 0 ? sql` GROUP BY ${list(groups)}` : sql``;
  const orderBy = groups.length > 0 ? sql` ORDER BY ${compileOrder(plan.sort, groups, measures)}` : sql``;
  const query = sql`SELECT ${cells} FROM ${source.from}${joins.sql}${where}${groupBy}${orderBy} LIMIT ${MAX_GROUPS + 1}`;
  return {
    kind: "READ",
    statements: [sources.toStatement(query)],
    shape([rows = []]) {
      if (rows.length > MAX_GROUPS) throw tooManyGroups(plan);
      return { data: rows.map((row) => shapeGroup(plan, measures, row)) };
    },
  };
}

function compileOrder(
  sort: readonly AggregateSortKey[],
  groups: readonly SQL[],
  measures: readonly CompiledMeasure[],
): SQL {
  const terms = sort.flatMap(({ by, direction, nulls }) => {
    const keys = by.kind === "GROUP" ? [groups[by.index]] : (measures[by.index]?.sortBy ?? []);
    return keys.map((key) => sql`${key} ${keyword(direction)} ${keyword(nulls)}`);
  });
  return list(terms);
}

/** `{"status":"PAID","count":12,"sum":{"total":150.3}}`. */
function shapeGroup(
  { groupBy, measures }: AggregatePlan,
  compiled: readonly CompiledMeasure[],
  row: readonly SqlValue[],
): JsonObject {
  const group: Record<string, JsonValue> = {};
  for (const [index, { name, column }] of groupBy.entries()) group[name] = toJson(column, row[index]);
  const byFunction: Record<string, Record<string, JsonValue>> = {};
  let start = groupBy.length;
  for (const [index, { function: name, field }] of measures.entries()) {
    const { cells, shape } = compiled[index] ?? { cells: [], shape: () => null };
    const value = shape(row.slice(start, start + cells.length));
    start += cells.length;
    if (!field) {
      group[name] = value;
      continue;
    }
    const values = byFunction[name] ?? {};
    values[field.name] = value;
    byFunction[name] = values;
    group[name] = values;
  }
  return group;
}

const tooManyGroups = ({ groupBy }: AggregatePlan) =>
  badRequest(
    `groupBy=${groupBy.map(({ name }) => name).join()} makes more than ${MAX_GROUPS} groups — narrow it with a filter`,
  );
