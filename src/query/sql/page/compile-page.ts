import { type SQL, sql } from "drizzle-orm";
import type { Statement } from "../../../model/sql-value.ts";
import { MAX_EXPANDED_ON_PAGE } from "../../limits.ts";
import type { Predicate, Selection, Selector, SortKey } from "../../plan/plan.ts";
import { compilePredicate } from "../condition/compile-predicate.ts";
import { ResponseBounds } from "../expansion-bounds/response-bounds.ts";
import { identifier, keyword, list } from "../fragments.ts";
import { Joins } from "../joins.ts";
import { compileJsonRow } from "../record/compile-selection.ts";
import { compileJsonCell } from "../record/json-cell.ts";
import { idIn, type Source } from "../source.ts";
import { Sources } from "../sources.ts";
import { toStatement } from "../to-statement.ts";
import { compileRuns, isRunOrder } from "./compile-runs.ts";
import { compileOrderBy, compileSeek, type Seek } from "./compile-seek.ts";

export interface Window {
  readonly limit: number;
  readonly offset: number;
  readonly seek: Seek;
  /** Whether the sort values are at the end of each record. */
  readonly hasKeys: boolean;
  readonly bounds: ResponseBounds;
}

/** A page of records with their expansions, each as JSON text in the only cell of its row. */
export function compilePage(selector: Selector, selection: Selection, window: Window): Statement {
  const sources = new Sources(selector.scope);
  const { sort } = selector;
  const source = sources.use(selector.entity);
  const joins = new Joins(source, sources);
  const keys = sort.map((key) => joins.column(key));
  const frame = { selector, source, sources };
  const runs = findRuns(frame, window);
  const rows = runs ?? compileRows(frame, { keys, joins: joins.sql, window });
  /* Neither order needs a sorter, which would store whole rows. */
  if ((runs || sort.length === 1) && selection.expansions.length === 0) {
    const others = window.hasKeys ? compileKeys(sort, keys) : [];
    const row = compileJsonRow(selection, source, { sources, others });
    return sources.toStatement(sql`${rows.with}SELECT ${row} ${rows.from}`);
  }
  return toStatement(compileLate(frame, { keys, rows, selection, window }));
}

const compileKeys = (sort: readonly SortKey[], values: readonly SQL[]) =>
  sort.flatMap(({ column }, index) => {
    const value = values[index];
    return value ? [compileJsonCell(value, column)] : [];
  });

/** Whether the page is a contiguous part of runs. */
function findRuns(frame: Frame, { limit, offset, seek }: Window): RowSource | null {
  const stretch = { limit, offset, after: seek.after };
  const [key] = frame.selector.sort;
  if (!key || !isRunOrder(frame.selector, stretch)) return null;
  const { predicates } = frame.selector;
  return compileRuns({ ...frame, predicates, key }, stretch);
}

/** Counts the records that satisfy the predicates. */
export function compileCount({ entity, scope, predicates }: Omit<Selector, "sort">): Statement {
  const sources = new Sources(scope);
  const source = sources.use(entity);
  if (predicates.length === 0 && !source.isNarrowed) return countOfEverything(entity.physicalTable);
  const where = predicates.length > 0 ? sql` WHERE ${compileWhere(predicates, source, sources)}` : sql``;
  return sources.toStatement(sql`SELECT count(*) FROM ${source.from}${where}`);
}

/** The ids of the records that satisfy the predicates. */
export function compileMatching({ entity, scope, predicates }: Omit<Selector, "sort">): Statement {
  const sources = new Sources(scope);
  const source = sources.use(entity);
  const where = compileWhere(predicates, source, sources);
  return sources.toStatement(sql`SELECT ${idIn(source)} FROM ${source.from} WHERE ${where}`);
}

/** The SQL before SELECT, and after its columns. */
interface RowSource {
  readonly with: SQL;
  readonly from: SQL;
}

interface Frame {
  readonly selector: Selector;
  readonly source: Source;
  readonly sources: Sources;
}

/** FROM … LIMIT: the records and their order. */
function compileRows(
  { selector, source, sources }: Frame,
  { keys, joins, window }: { readonly keys: readonly SQL[]; readonly joins: SQL; readonly window: Window },
): RowSource {
  const { sort, predicates } = selector;
  const conditions = predicates.length > 0 ? [compileWhere(predicates, source, sources)] : [];
  const seek = compileSeek(sort, keys, window.seek);
  if (seek) conditions.push(seek);
  const where = conditions.length > 0 ? sql` WHERE ${sql.join(conditions, keyword("and"))}` : sql``;
  const orderBy = compileOrderBy(
    sort,
    isRangeSearch(selector, window) ? keys.map((key) => sql`+${key}`) : keys,
  );
  const from = sql`FROM ${source.from}${joins}${where} ORDER BY ${orderBy} LIMIT ${window.limit} OFFSET ${window.offset}`;
  return { with: sql``, from };
}

/**
 * Finds the page by ids and keys alone, which an index often covers, and reads whole records only for the page.
 * Otherwise SQLite might sort whole rows of the entire table, expansions included. OFFSET keeps the subquery a
 * subquery.
 */
function compileLate(
  { selector, source, sources }: Frame,
  parts: {
    readonly keys: readonly SQL[];
    readonly rows: RowSource;
    readonly selection: Selection;
    readonly window: Window;
  },
): SQL {
  const { keys, rows, selection, window } = parts;
  const keyNames = window.hasKeys ? keys.map((_, index) => identifier(`k${index}`)) : [];
  const found = [
    sql`${idIn(source)} AS ${identifier("id")}`,
    ...keyNames.map((name, index) => sql`${keys[index]} AS ${name}`),
  ];
  const record = sources.reuse(selector.entity);
  const page = identifier("found");
  const others = compileKeys(
    selector.sort,
    keyNames.map((name) => sql`${page}.${name}`),
  );
  const row = compileJsonRow(selection, record, { sources, others });
  const isOnPage = (rows: Source) => sql`${idIn(rows)} = ${page}.${identifier("id")}`;
  const root = sources.reuse(selector.entity);
  const roots = { source: root, from: sql`${page} CROSS JOIN ${root.from}`, where: isOnPage(root) };
  return window.bounds.compile(
    [sql`${page} AS (${rows.with}SELECT ${list(found)} ${rows.from})`],
    sql`SELECT ${row} FROM ${page} CROSS JOIN ${record.from} ON ${isOnPage(record)}`,
    { roots, sources },
  );
}

/** The limits of the expansions of a page with this many records. */
export const pageBounds = (selection: Selection, records: number): ResponseBounds =>
  new ResponseBounds(selection, { records, limit: MAX_EXPANDED_ON_PAGE });

const RANGES: ReadonlySet<string> = new Set(["gt", "gte", "lt", "lte", "between", "startsWith"]);

/**
 * Whether to search a range of an index although the order is by `id`. SQLite does not know how few records a range
 * has, so it would scan the table in order; `+id` prevents that. Pages by position keep the scan, because each
 * continues it.
 */
function isRangeSearch({ entity, scope, predicates, sort }: Selector, window: Window): boolean {
  if (sort.length > 1 || window.hasKeys) return false;
  return [...predicates, scope.rowsOf(entity.name)].some((predicate) => {
    if (predicate?.kind !== "TEST" || !RANGES.has(predicate.operator)) return false;
    const { indexed, unique, references, name } = predicate.column;
    return name !== "id" && (indexed || unique || references !== undefined);
  });
}

export function compileWhere(predicates: readonly Predicate[], source: Source, sources: Sources): SQL {
  return sql.join(
    predicates.map((predicate) => compilePredicate(predicate, source, sources)),
    keyword("and"),
  );
}

/** Kept by triggers, so that the count of everything never scans the table. */
const countOfEverything = (physicalTable: string): Statement => ({
  sql: "SELECT count FROM record_counts WHERE table_name = ?",
  args: [physicalTable],
});
