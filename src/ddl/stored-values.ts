import { convertSql, isStoredAlike } from "../columns/conversions/convert-column.ts";
import { columnTypeOf } from "../columns/registry.ts";
import type { Column } from "../model/column.ts";
import { quoteName } from "../model/names.ts";
import type { SqlValue } from "../model/sql-value.ts";
import type { ColumnPair, EntityPair } from "./pair-schemas.ts";
import { literal } from "./sql-text.ts";

/** The stored default of the column; null if it has none. */
export function defaultOf(column: Column): SqlValue {
  if (column.default === undefined || column.default === null) return null;
  const parsed = columnTypeOf(column).parse(column.default, column);
  return parsed.ok ? parsed.value : null;
}

/**
 * The new value of a column after a change, in SQL over the old table, whose columns `nameOf` names. Values that do not
 * convert become null. Undefined if every value stays the same.
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

/** Whether a change makes other values, so that a rule that the old ones satisfied must be checked again. */
export const changesValues = (pair: ColumnPair): boolean =>
  newValueSql(pair, ({ columnName }) => quoteName(columnName)) !== undefined;

/**
 * The records of an entity after the change, with the new names: a sub-select for FROM, with the columns of `fields`,
 * or else all.
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
