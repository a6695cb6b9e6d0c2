import { type SQL, sql } from "drizzle-orm";
import type { SqlValue } from "../../../model/sql-value.ts";
import type { SortKey } from "../../plan/plan.ts";
import { keyword, list } from "../fragments.ts";

/** A sort key's column, and its value in the row to continue after. */
interface Position {
  readonly key: SortKey;
  readonly column: SQL;
  readonly value: SqlValue;
}

export function compileOrderBy(sort: readonly SortKey[], columns: readonly SQL[]): SQL {
  const terms = sort.map((key, index) => {
    const term = sql`${columns[index]} ${keyword(key.direction)}`;
    return !key.isNullable || hasNaturalNulls(key) ? term : sql`${term} ${keyword(key.nulls)}`;
  });
  return list(terms);
}

/** A stretch of the sorted rows: everything after `after`, or one block of the first key. */
export interface Seek {
  /** One value per sort key. Null starts at the beginning of the stretch. */
  readonly after: readonly SqlValue[] | null;
  readonly block: "ALL" | "NULLS" | "VALUES";
}

/**
 * The rows after a position, as stretches in order. An index finds nulls and values in two searches, but their union
 * only in a scan. So an indexed first key takes two statements if both may follow.
 */
export function splitSeek([first]: readonly SortKey[], after: readonly SqlValue[] | null): readonly Seek[] {
  if (!first?.isNullable || !after) return [{ after, block: "ALL" }];
  const [block, other] = after[0] === null ? (["NULLS", "VALUES"] as const) : (["VALUES", "NULLS"] as const);
  const isLastBlock = (block === "NULLS") === (first.nulls === "nullsLast");
  if (isLastBlock) return [{ after, block }];
  if (!isIndexed(first)) return [{ after, block: "ALL" }];
  return [
    { after, block },
    { after: null, block: other },
  ];
}

/** The condition of a stretch; null for everything. */
export function compileSeek(
  sort: readonly SortKey[],
  columns: readonly SQL[],
  { after, block }: Seek,
): SQL | null {
  const [first, ...rest] = sort.map((key, index): Position => {
    const column = columns[index];
    if (!column) throw new Error("A sort key was not compiled");
    return { key, column, value: after?.[index] ?? null };
  });
  if (!first) throw new Error("A sort has no keys");
  if (block === "ALL") return after && seekAfter([first, ...rest]);
  if (block === "NULLS") {
    const isNull = sql`${first.column} IS NULL`;
    return after ? sql`${isNull} AND ${seekAfter(rest)}` : isNull;
  }
  if (!after) return sql`${first.column} IS NOT NULL`;
  return seekAfter([{ ...first, key: { ...first.key, isNullable: false } }, ...rest]);
}

function seekAfter(positions: readonly Position[]): SQL {
  const [first] = positions;
  if (!first) return sql`0`;
  const isRowValue = positions.every(
    (position) => isPlain(position) && position.key.direction === first.key.direction,
  );
  if (isRowValue) return seekByRowValue(positions, first);
  const seek = seekStepwise(positions);
  // Implied by the rest, but an index of the first key can start there.
  return isPlain(first) ? sql`(${compare(first, { orEqual: true })} AND ${seek})` : seek;
}

/** Whether an index begins with the key. */
export function isIndexed({ hops, column }: SortKey): boolean {
  return hops.length === 0 && (column.indexed || column.unique || column.references !== undefined);
}

/** `(a, b) > (?, ?)`: an index on `a` starts at the exact row, however many rows share `a`. */
function seekByRowValue(positions: readonly Position[], first: Position): SQL {
  if (positions.length === 1) return compare(first, { orEqual: false });
  const columns = list(positions.map(({ column }) => column));
  const values = list(positions.map(({ value }) => sql`${value}`));
  return sql`(${columns}) ${keyword(first.key.direction === "asc" ? "gt" : "lt")} (${values})`;
}

/** After in the first key, or equal in it and after in the others. */
function seekStepwise([first, ...others]: readonly Position[]): SQL {
  if (!first) return sql`0`;
  if (others.length === 0) return isAfter(first);
  const isEqual = first.value === null ? sql`${first.column} IS NULL` : sql`${first.column} = ${first.value}`;
  return sql`(${isAfter(first)} OR (${isEqual} AND ${seekStepwise(others)}))`;
}

function isAfter(position: Position): SQL {
  const { key, column, value } = position;
  if (value === null) return key.nulls === "nullsFirst" ? sql`${column} IS NOT NULL` : sql`0`;
  const comparison = compare(position, { orEqual: false });
  return isPlain(position) ? comparison : sql`(${comparison} OR ${column} IS NULL)`;
}

/** Whether a comparison alone finds the later rows, because no nulls come after this value. */
const isPlain = ({ key, value }: Position): boolean =>
  value !== null && (!key.isNullable || key.nulls === "nullsFirst");

function compare({ key, column, value }: Position, { orEqual }: { readonly orEqual: boolean }): SQL {
  if (key.direction === "asc") return sql`${column} ${keyword(orEqual ? "gte" : "gt")} ${value}`;
  return sql`${column} ${keyword(orEqual ? "lte" : "lt")} ${value}`;
}

/** SQLite's own order of nulls, which an index delivers without a sort. */
const hasNaturalNulls = ({ direction, nulls }: SortKey): boolean =>
  nulls === (direction === "asc" ? "nullsFirst" : "nullsLast");
