import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { quoteName, VERSION_COLUMN } from "../../model/names.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { matches } from "./conditions.ts";
import { textsOf } from "./entity-texts.ts";
import type { RecordStatement } from "./statement.ts";

const VERSION = quoteName(VERSION_COLUMN);

/** Returns the rows of the records that meet the condition, in the form of an insert. */
export function compileFind(entity: Entity, condition: Statement): RecordStatement {
  const { from, row } = textsOf(entity);
  return { kind: "READ", head: { sql: from, args: [] }, where: [condition], returning: row };
}

/** Returns the row of the record whose key equals that of `values`, or no row. */
export const compileFindMatching = (
  entity: Entity,
  key: readonly Column[],
  values: ReadonlyMap<Column, SqlValue>,
): RecordStatement => compileFind(entity, matches(key, values));

/** The id of the record that has these values and meets the condition, as an expression; null if there is none. */
export function selectId(
  entity: Entity,
  values: ReadonlyMap<Column, SqlValue>,
  condition: Statement | null,
): Statement {
  const { sql, args } = matches([...values.keys()], values);
  const where = condition ? `${sql} AND ${condition.sql}` : sql;
  const all = condition ? [...args, ...condition.args] : args;
  return { sql: `(SELECT "id" FROM ${textsOf(entity).table} WHERE ${where})`, args: all };
}

/**
 * An id that was looked up, or else one that no record has. Storing the latter breaks the foreign key, where null
 * would pass.
 */
export const orNoId = ({ sql, args }: Statement): Statement => ({ sql: `coalesce(${sql}, '')`, args });

/** Returns the versions of the records that meet the condition. */
export const compileFindVersion = (entity: Entity, condition: Statement): RecordStatement => ({
  ...compileFind(entity, condition),
  returning: VERSION,
});

/** Returns the ids of the records that meet the condition. */
export const compileFindIds = (entity: Entity, condition: Statement): RecordStatement => ({
  ...compileFind(entity, condition),
  returning: quoteName("id"),
});

/** A column that contains ids of another entity. */
export interface HoldingColumn {
  readonly owner: Entity;
  readonly column: Column;
}

/**
 * Finds a row if a record refers to one of the ids through these columns, each referring to the records of the one
 * before.
 */
export function compileFindHolder(path: readonly HoldingColumn[], ids: Statement): Statement {
  const sql = path.reduce(
    (found, { owner, column }) =>
      `SELECT "id" FROM ${textsOf(owner).table} WHERE ${quoteName(column.columnName)} IN (${found})`,
    ids.sql,
  );
  return { sql: `${sql} LIMIT 1`, args: ids.args };
}
