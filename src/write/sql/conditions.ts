import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { quoteName, VERSION_COLUMN } from "../../model/names.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { type Assigned, pushArguments, textOfAssigned } from "./assignments.ts";
import { textsOf } from "./entity-texts.ts";

const HAS_ID = `${quoteName("id")} = ?`;
const VERSION = quoteName(VERSION_COLUMN);

export const hasId = (id: SqlValue): Statement => ({ sql: HAS_ID, args: [id] });

/** Whether a record has the value in the column, which must be unique. */
export const hasKey = (column: Column, value: SqlValue): Statement =>
  column.name === "id" ? hasId(value) : matches([column], new Map([[column, value]]));

export const isAtVersion = (versions: readonly number[]): Statement =>
  versions.length === 1
    ? { sql: `${VERSION} = ?`, args: versions }
    : { sql: `${VERSION} IN (SELECT value FROM json_each(?))`, args: [JSON.stringify(versions)] };

export const isNotAtVersion = (versions: readonly number[]): Statement => ({
  sql: `${VERSION} NOT IN (SELECT value FROM json_each(?))`,
  args: [JSON.stringify(versions)],
});

/** Whether a record has the value, which may be null. */
export const hasStored = ({ columnName }: Column, value: SqlValue): Statement => ({
  sql: `${quoteName(columnName)} IS ?`,
  args: [value],
});

/** Whether a record has these values in the key's columns. */
export const matches = (key: readonly Column[], values: ReadonlyMap<Column, SqlValue>): Statement => ({
  sql: key.map(({ columnName }) => `${quoteName(columnName)} = ?`).join(" AND "),
  args: key.map((column) => values.get(column) ?? null),
});

/** Whether the entity has a record with this id that meets the condition. */
export function existsRecord(entity: Entity, id: Assigned, { sql, args }: Statement): Statement {
  const all: SqlValue[] = [];
  pushArguments(all, id);
  const found = `SELECT 1 FROM ${textsOf(entity).table} WHERE ${quoteName("id")} = ${textOfAssigned(id)} AND ${sql}`;
  return { sql: `EXISTS (${found})`, args: [...all, ...args] };
}

/** Whether a record's id is among those that a query finds. */
export const isAmong = (ids: Statement): Statement => ({ sql: `"id" IN (${ids.sql})`, args: ids.args });
