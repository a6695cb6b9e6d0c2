import { type SQL, sql } from "drizzle-orm";
import type { SqlValue } from "../../../model/sql-value.ts";
import type { Selector, SortKey } from "../../plan/plan.ts";
import { identifier, qualified } from "../fragments.ts";
import { idIn, type Source } from "../source.ts";
import type { Sources } from "../sources.ts";
import { isIndexed } from "./compile-seek.ts";

/** Rows up to which a page is found run by run. Further down, walking the index and sorting is cheaper. */
const MAX_ROWS = 2_002;
/** Less than any integer id. */
const BEFORE_ALL_IDS = -(2 ** 53);

interface Stretch {
  readonly limit: number;
  readonly offset: number;
  readonly after: readonly SqlValue[] | null;
}

/**
 * Whether the order is `indexed,desc` with ties by `id,asc`. No index has that order, and SQLite would sort all ties of
 * the first value, maybe half of the table, for one page.
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
 * Walks the distinct values of the key downwards, null last, and reads each value's rows by id. Visits only as many
 * rows as LIMIT asks for.
 */
export function compileRuns(
  { source, sources, key }: { readonly source: Source; readonly sources: Sources; readonly key: SortKey },
  { limit, offset, after }: Stretch,
): { readonly with: SQL; readonly from: SQL } {
  const step = sources.use(source.entity);
  const value = step.column(key.column);
  const runs = identifier("runs");
  const [runValue, runId] = [qualified("runs", "value"), qualified("runs", "after_id")];
  const rows = sql`CROSS JOIN ${source.from} ON ${source.column(key.column)} IS ${runValue}`;
  const window = sql`LIMIT ${limit} OFFSET ${offset}`;
  if (!after) {
    /*
     * Reads the index in order, as far as needed. LIMIT preserves ORDER BY, which SQLite drops from a joined subquery.
     */
    const values = sql`SELECT DISTINCT ${value} AS ${identifier("value")} FROM ${step.from} ORDER BY ${value} DESC LIMIT -1`;
    return { with: sql``, from: sql`FROM (${values}) AS ${runs} ${rows} ${window}` };
  }
  /* Finds each next value with one search of the index. */
  const start = sql`SELECT ${after[0] ?? null}, ${after[1] ?? null}`;
  const next = sql`SELECT (SELECT max(${value}) FROM ${step.from} WHERE ${value} < ${runValue}), ${BEFORE_ALL_IDS} FROM ${runs} WHERE ${runValue} IS NOT NULL`;
  return {
    with: sql`WITH RECURSIVE ${runs} (${identifier("value")}, ${identifier("after_id")}) AS (${start} UNION ALL ${next}) `,
    from: sql`FROM ${runs} ${rows} AND ${idIn(source)} > ${runId} ${window}`,
  };
}

const hasNullsLast = ({ isNullable, nulls }: SortKey): boolean => !isNullable || nulls === "nullsLast";
