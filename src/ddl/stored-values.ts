import { convertSql, isStoredAlike } from "../columns/conversions.ts";
import { columnTypeOf } from "../columns/registry.ts";
import type { Column } from "../model/column.ts";
import { quoteName } from "../model/names.ts";
import type { SqlValue } from "../model/sql-value.ts";
import type { ColumnPair, EntityPair } from "./pair-schemas.ts";
import { literal } from "./sql-text.ts";

/** The column's default as stored; null when it has none. */
export function defaultOf(column: Column): SqlValue {
  if (column.default === undefined || column.default === null) return null;
  const parsed = columnTypeOf(column).parse(column.default, column);
  return parsed.ok ? parsed.value : null;
}

/**
 * What a change makes of a column's values, in SQL over the table as it was, whose columns are called by `nameOf`.
 * Values that do not convert become null; undefined when every value stays as it is.
 */
export function newValueSql(
  { before, after }: ColumnPair,
  nameOf: (before: Column) => string,
): string | undefined {
  if (!after) return undefined;
  const initial = defaultOf(after);
  if (!before) return initial === null ? undefined : literal(initial);
  const name = nameOf(before);
  const isAlike = isStoredAlike(before, after);
  const converted = isAlike ? name : convertSql(name, { from: before, to: after });
  if (before.nullable && !after.nullable && initial !== null)
    return `coalesce(${converted}, ${literal(initial)})`;
  return isAlike ? undefined : converted;
}

/** Whether a change makes other values: that a rule has held for the old ones says nothing of them. */
export const changesValues = (pair: ColumnPair): boolean =>
  newValueSql(pair, ({ columnName }) => quoteName(columnName)) !== undefined;

/**
 * The records of an entity as they will be after the change, by the names of then: a sub-select for FROM, with the columns
 * of `fields` or else all.
 */
export function rowsAfter(
  { before, columns }: EntityPair & { readonly before: { physicalTable: string } },
  fields?: readonly string[],
): string {
  const values = columns.flatMap((pair) => {
    if (!pair.after || (fields && !fields.includes(pair.after.name))) return [];
    const kept = pair.before ? quoteName(pair.before.columnName) : "NULL";
    const value = newValueSql(pair, ({ columnName }) => quoteName(columnName)) ?? kept;
    return [`${value} AS ${quoteName(pair.after.columnName)}`];
  });
  return `(SELECT ${['"id"', ...values].join(", ")} FROM ${quoteName(before.physicalTable)})`;
}
