import type { Column } from "../../model/column.ts";
import { quoteName, VERSION_COLUMN } from "../../model/names.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";

const HAS_ID = `${quoteName("id")} = ?`;
const VERSION = quoteName(VERSION_COLUMN);

export const hasId = (id: SqlValue): Statement => ({ sql: HAS_ID, args: [id] });

export const isAtVersion = (versions: readonly number[]): Statement =>
  versions.length === 1
    ? { sql: `${VERSION} = ?`, args: versions }
    : { sql: `${VERSION} IN (SELECT value FROM json_each(?))`, args: [JSON.stringify(versions)] };

export const isNotAtVersion = (versions: readonly number[]): Statement => ({
  sql: `${VERSION} NOT IN (SELECT value FROM json_each(?))`,
  args: [JSON.stringify(versions)],
});

/** Whether a record has these values in the key's columns. */
export const matches = (key: readonly Column[], values: ReadonlyMap<Column, SqlValue>): Statement => ({
  sql: key.map(({ columnName }) => `${quoteName(columnName)} = ?`).join(" AND "),
  args: key.map((column) => values.get(column) ?? null),
});
