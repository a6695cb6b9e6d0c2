import { type SQL, sql } from "drizzle-orm";
import type { SqlValue } from "../../model/sql-value.ts";
import type { Selector, SortKey } from "../plan/plan.ts";
import { isIndexed } from "./compile-seek.ts";
import { identifier, qualified } from "./fragments.ts";
import { idIn, type Source } from "./source.ts";
import type { Sources } from "./sources.ts";

/** Rows up to which a page is found run by run; further down, walking the index and sorting is cheaper. */
const MAX_ROWS = 2_002;
/** Less than any integer id. */
const BEFORE_ALL_IDS = -(2 ** 53);

interface Stretch {
  readonly limit: number;
  readonly offset: number;
  readonly after: readonly SqlValue[] | null;
}

/**
 * Whether the order is `indexed,desc` with ties by `id,asc`. No index has that order, and SQLite would sort all ties
 * of the first value, maybe half of the table, for one page.
 */
export function isRunOrder(
  { entity, scope, predicates, sort }: Selector,
  { limit, offset }: Stretch,
): boolean {
  const [first, second, ...more] = sort;
  if (!first || !second || more.length > 0 || limit + offset > MAX_ROWS) return false;
  if (predicates.length > 0 || scope.rowsOf(entity.name)) return false;
  const isTieById = second.name === "id" && second.direction === "asc" && entity.idType === "INTEGER";
  return (
    isTieById && isIndexed(first) && !first.column.unique && first.direction === "desc" && hasNullsLast(first)
  );
}

/**
 * Steps through the different values of the key downwards, null at last, each found by one search of the index, and
 * reads each value's rows in the order of their ids. Only as many as LIMIT asks for are ever visited.
 */
export function compileRuns(
  { source, sources, key }: { readonly source: Source; readonly sources: Sources; readonly key: SortKey },
  { limit, offset, after }: Stretch,
): { readonly with: SQL; readonly from: SQL } {
  const step = sources.use(source.entity);
  const value = step.column(key.column);
  const runs = identifier("runs");
  const [runValue, runId] = [qualified("runs", "value"), qualified("runs", "after_id")];
  const start = after
    ? sql`SELECT ${after[0] ?? null}, ${after[1] ?? null}`
    : sql`SELECT max(${value}), ${BEFORE_ALL_IDS} FROM ${step.from}`;
  const next = sql`SELECT (SELECT max(${value}) FROM ${step.from} WHERE ${value} < ${runValue}), ${BEFORE_ALL_IDS} FROM ${runs} WHERE ${runValue} IS NOT NULL`;
  const match = sql`${source.column(key.column)} IS ${runValue} AND ${idIn(source)} > ${runId}`;
  return {
    with: sql`WITH RECURSIVE ${runs} (${identifier("value")}, ${identifier("after_id")}) AS (${start} UNION ALL ${next}) `,
    from: sql`FROM ${runs} CROSS JOIN ${source.from} ON ${match} LIMIT ${limit} OFFSET ${offset}`,
  };
}

const hasNullsLast = ({ isNullable, nulls }: SortKey): boolean => !isNullable || nulls === "nullsLast";
