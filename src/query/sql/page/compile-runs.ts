import { type SQL, sql } from "drizzle-orm";
import type { SqlValue } from "../../../model/sql-value.ts";
import type { Predicate, Selector, SortKey } from "../../plan/plan.ts";
import { compilePredicate } from "../condition/compile-predicate.ts";
import { identifier, keyword, qualified } from "../fragments.ts";
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
export function isRunOrder(selector: Selector, { limit, offset }: Stretch): boolean {
  const { entity, scope, sort } = selector;
  const [first, second, ...more] = sort;
  if (!first || !second || more.length > 0 || limit + offset > MAX_ROWS) return false;
  if (scope.rowsOf(entity.name)) return false;
  const isTieById = second.name === "id" && second.direction === "asc" && entity.idType === "INTEGER";
  return isTieById && first.direction === "desc" && hasNullsLast(first) && isIndexOrder(selector, first);
}

/** Whether an index has the records of the filter in the order of the key, which may have ties. */
function isIndexOrder({ entity, predicates }: Selector, key: SortKey): boolean {
  if (predicates.length === 0) return isIndexed(key) && !key.column.unique;
  if (key.hops.length > 0 || !predicates.every(isEquality)) return false;
  const given = new Set(predicates.map(({ column }) => column.name));
  return (entity.indexes ?? []).some(({ fields, where }) => {
    return (
      !where && fields[given.size] === key.name && fields.slice(0, given.size).every((f) => given.has(f))
    );
  });
}

const isEquality = (predicate: Predicate): predicate is Predicate & { readonly kind: "TEST" } =>
  predicate.kind === "TEST" && predicate.operator === "eq";

/**
 * Walks the distinct values of the key downwards, null last, and reads each value's rows by id. Visits only as many
 * rows as LIMIT asks for.
 */
export function compileRuns(
  {
    predicates,
    source,
    sources,
    key,
  }: {
    readonly predicates: readonly Predicate[];
    readonly source: Source;
    readonly sources: Sources;
    readonly key: SortKey;
  },
  { limit, offset, after }: Stretch,
): { readonly with: SQL; readonly from: SQL } {
  const step = sources.use(source.entity);
  const value = step.column(key.column);
  const runs = identifier("runs");
  const [runValue, runId] = [qualified("runs", "value"), qualified("runs", "after_id")];
  const filterOf = (rows: Source) => predicates.map((each) => compilePredicate(each, rows, sources));
  const isInRun = [sql`${source.column(key.column)} IS ${runValue}`, ...filterOf(source)];
  const window = sql`LIMIT ${limit} OFFSET ${offset}`;
  if (!after) {
    /*
     * Reads the index in order, as far as needed. LIMIT preserves ORDER BY, which SQLite drops from a joined subquery.
     */
    const values = sql`SELECT DISTINCT ${value} AS ${identifier("value")} FROM ${step.from} ${whereOf(filterOf(step))}ORDER BY ${value} DESC LIMIT -1`;
    const rows = sql`CROSS JOIN ${source.from} ON ${allOf(isInRun)}`;
    return { with: sql``, from: sql`FROM (${values}) AS ${runs} ${rows} ${window}` };
  }
  /* Finds each next value with one search of the index. */
  const start = sql`SELECT ${after[0] ?? null}, ${after[1] ?? null}`;
  const isLower = [sql`${value} < ${runValue}`, ...filterOf(step)];
  const next = sql`SELECT (SELECT max(${value}) FROM ${step.from} WHERE ${allOf(isLower)}), ${BEFORE_ALL_IDS} FROM ${runs} WHERE ${runValue} IS NOT NULL`;
  const rows = sql`CROSS JOIN ${source.from} ON ${allOf([...isInRun, sql`${idIn(source)} > ${runId}`])}`;
  return {
    with: sql`WITH RECURSIVE ${runs} (${identifier("value")}, ${identifier("after_id")}) AS (${start} UNION ALL ${next}) `,
    from: sql`FROM ${runs} ${rows} ${window}`,
  };
}

const allOf = (conditions: readonly SQL[]): SQL => sql.join([...conditions], keyword("and"));

const whereOf = (conditions: readonly SQL[]): SQL =>
  conditions.length > 0 ? sql`WHERE ${allOf(conditions)} ` : sql``;

const hasNullsLast = ({ isNullable, nulls }: SortKey): boolean => !isNullable || nulls === "nullsLast";
