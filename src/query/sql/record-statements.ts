import { type SQL, sql } from "drizzle-orm";
import { longestValueOf } from "../../columns/text.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { quoteName } from "../../model/names.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { identifier, keyword, list } from "./fragments.ts";
import { tableOf, VERSION_COLUMN } from "./table-of.ts";
import { toStatement } from "./to-statement.ts";

/** Texts of updates kept per entity: one per set of columns that clients send together. */
const MAX_CACHED_UPDATES = 256;

/** Characters of a row in the database's answer, which holds 10 MB. */
const MAX_ROW_LENGTH = 10_000_000;

interface RecordTexts {
  readonly newRow: string;
  readonly insertRow: string;
  readonly insert: string;
  readonly get: string;
  readonly exists: string;
  readonly delete: string;
  readonly updates: Map<string, string>;
  readonly isSureToFit: boolean;
}

/**
 * Of a record whose id is given, the time in microseconds: the id may be that of a deleted one, whose versions are below,
 * as no record is written a thousand times in a millisecond. Generated ids are always new.
 */
const FIRST_VERSION = sql`iif(${null} IS NULL, 1, CAST(unixepoch('subsec') * 1000000 AS INTEGER))`;

/** Rendering costs far more than binding, so each entity's texts are rendered once. */
const textsOfEntity = new WeakMap<Entity, RecordTexts>();

/** Inserts one record; columns without a value become null. Returns its row: all columns in order, then `_version`. */
export function compileInsert(entity: Entity, values: ReadonlyMap<Column, SqlValue>): Statement {
  return { sql: textsOf(entity).insert, args: insertArguments(entity, values) };
}

/** The columns in order, then the id again, for the version. */
function insertArguments({ columns }: Entity, values: ReadonlyMap<Column, SqlValue>): readonly SqlValue[] {
  const row = columns.map((column) => values.get(column) ?? null);
  return [...row, row[0] ?? null];
}

/** Inserts several records, at least one, by one statement, which returns nothing. */
export function compileInsertAll(
  entity: Entity,
  records: readonly ReadonlyMap<Column, SqlValue>[],
): Statement {
  const rows = records.map((values) => compileInsert(entity, values));
  const another = `, (${textsOf(entity).newRow})`;
  return {
    sql: textsOf(entity).insertRow + another.repeat(rows.length - 1),
    args: rows.flatMap(({ args }) => args),
  };
}

/**
 * Writes `values` and counts the write; no row comes back when the record is absent or no longer at `expectedVersion`.
 * Returns like an insert. An empty map still counts as a write: callers answer `{}` with a read instead.
 */
export function compileUpdate(
  entity: Entity,
  id: SqlValue,
  change: { readonly values: ReadonlyMap<Column, SqlValue>; readonly expectedVersion?: number | undefined },
): Statement {
  const { values, expectedVersion } = change;
  const columns = entity.columns.filter((column) => values.has(column));
  const written = columns.map((column) => values.get(column) ?? null);
  return atVersion({ sql: updateText(entity, columns), args: [...written, id] }, expectedVersion);
}

/**
 * Creates a record, or writes `changed` to the one with the same `key`, the columns of a unique rule. Returns like an
 * insert. What another unique rule refuses is an error.
 */
export function compileUpsert(
  entity: Entity,
  key: readonly Column[],
  { created, changed }: Record<"created" | "changed", ReadonlyMap<Column, SqlValue>>,
): Statement {
  const conflict = list(key.map(({ columnName }) => identifier(columnName)));
  const insert = withoutRows({ sql: textsOf(entity).insert, args: [] }).sql;
  const assigned = toStatement(assignments(changed));
  const returning = textOf(sql`RETURNING ${rowColumns(entity)}`);
  const args = insertArguments(entity, created);
  return {
    sql: `${insert} ON CONFLICT (${textOf(conflict)}) DO UPDATE SET ${assigned.sql} ${returning}`,
    args: [...args, ...assigned.args],
  };
}

/** What a write does, and the clause by which it returns rows, if it does. */
function splitReturning(text: string): [write: string, returning: string] {
  const end = text.lastIndexOf(" RETURNING ");
  return end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end)];
}

/** The same write, which returns nothing: rows that nobody reads cost a large import a fifth of its time. */
export function withoutRows({ sql: text, args }: Statement): Statement {
  return { sql: splitReturning(text)[0], args };
}

/** The same write of one record, or its reading, which returns the record's id alone. */
export function onlyId({ sql: text, args }: Statement): Statement {
  const [write, returning] = splitReturning(text);
  return { sql: returning ? `${write} RETURNING "id"` : `SELECT "id" FROM (${write})`, args };
}

/**
 * Whether any row of the entity is sure to be answered by the database. Else a write that returns one has to be undone
 * when it is too large.
 */
export const isSureToFit = (entity: Entity): boolean => textsOf(entity).isSureToFit;

/** Six characters of JSON for each that a column may hold, below the 10 MB of an answer. */
const longestRowOf = ({ columns }: Entity): number =>
  columns.reduce((sum, column) => sum + 6 * longestValueOf(column), 0);

/** The same write of one record, or its reading, done only if the condition holds as well; else no row comes back. */
export function onlyIf({ sql: text, args }: Statement, condition: Statement): Statement {
  const [write, returning] = splitReturning(text);
  return { sql: `${write} AND ${condition.sql}${returning}`, args: [...args, ...condition.args] };
}

/** Writes `changed` to the record whose `key` is that of `matched`. Returns like an update. */
export function compileUpdateWhere(
  entity: Entity,
  key: readonly Column[],
  { matched, changed }: Record<"matched" | "changed", ReadonlyMap<Column, SqlValue>>,
): Statement {
  const where = matching(key, matched);
  return toStatement(
    sql`UPDATE ${tableOf(entity)} SET ${assignments(changed)} WHERE ${where} RETURNING ${rowColumns(entity)}`,
  );
}

/** Returns, like an insert, the row of the record whose `key` is that of `matched`, or no row. */
export function compileGetMatching(
  entity: Entity,
  key: readonly Column[],
  matched: ReadonlyMap<Column, SqlValue>,
): Statement {
  return toStatement(
    sql`SELECT ${rowColumns(entity)} FROM ${tableOf(entity)} WHERE ${matching(key, matched)}`,
  );
}

function matching(key: readonly Column[], matched: ReadonlyMap<Column, SqlValue>): SQL {
  const conditions = key.map(
    (column) => sql`${identifier(column.columnName)} = ${matched.get(column) ?? null}`,
  );
  return sql.join(conditions, keyword("and"));
}

function assignments(values: ReadonlyMap<Column, SqlValue>): SQL {
  const version = identifier(VERSION_COLUMN);
  const sets = [...values].map(([column, value]) => sql`${identifier(column.columnName)} = ${value}`);
  return list([...sets, sql`${version} = ${version} + 1`]);
}

/** Returns the id of the deleted record; no row when it is absent or no longer at `expectedVersion`. */
export function compileDelete(entity: Entity, id: SqlValue, expectedVersion?: number): Statement {
  return atVersion({ sql: textsOf(entity).delete, args: [id] }, expectedVersion);
}

/** Returns the record's row like an insert; no row when it is absent or no longer at `expectedVersion`. */
export function compileGetById(entity: Entity, id: SqlValue, expectedVersion?: number): Statement {
  return atVersion({ sql: textsOf(entity).get, args: [id] }, expectedVersion);
}

/** Returns the record's `_version`, or no row. */
export function compileExists(entity: Entity, id: SqlValue): Statement {
  return { sql: textsOf(entity).exists, args: [id] };
}

/** Returns a row when the record is at this version. */
export function compileIsAtVersion(entity: Entity, id: SqlValue, version: number): Statement {
  return atVersion(compileExists(entity, id), version);
}

const IS_AT_VERSION = `${quoteName(VERSION_COLUMN)} = ?`;

function atVersion(statement: Statement, version: number | undefined): Statement {
  return version === undefined ? statement : onlyIf(statement, { sql: IS_AT_VERSION, args: [version] });
}

/** Returns a row when some record refers to record `id` by the path's references, each from those that the one before found. */
export function compileIsReferenced(
  path: readonly { readonly owner: Entity; readonly column: Column }[],
  id: SqlValue,
): Statement {
  const referring = path.reduce((found, { owner, column }) => {
    const table = tableOf(owner);
    return sql`SELECT ${identifier("id")} FROM ${table} WHERE ${identifier(column.columnName)} IN (${found})`;
  }, sql`${id}`);
  return toStatement(sql`${referring} LIMIT 1`);
}

function textsOf(entity: Entity): RecordTexts {
  const cached = textsOfEntity.get(entity);
  if (cached) return cached;
  const table = tableOf(entity);
  const row = rowColumns(entity);
  const hasId = sql`${identifier("id")} = ${null}`;
  const newRow = list([...entity.columns.map(() => sql`${null}`), FIRST_VERSION]);
  const texts = {
    newRow: textOf(newRow),
    insertRow: textOf(sql`INSERT INTO ${table} (${row}) VALUES (${newRow})`),
    insert: textOf(sql`INSERT INTO ${table} (${row}) SELECT ${newRow} WHERE TRUE RETURNING ${row}`),
    get: textOf(sql`SELECT ${row} FROM ${table} WHERE ${hasId}`),
    exists: textOf(sql`SELECT ${identifier(VERSION_COLUMN)} FROM ${table} WHERE ${hasId}`),
    delete: textOf(sql`DELETE FROM ${table} WHERE ${hasId} RETURNING ${identifier("id")}`),
    updates: new Map<string, string>(),
    isSureToFit: longestRowOf(entity) <= MAX_ROW_LENGTH,
  };
  textsOfEntity.set(entity, texts);
  return texts;
}

function updateText(entity: Entity, columns: readonly Column[]): string {
  const { updates } = textsOf(entity);
  const key = columns.map(({ name }) => name).join();
  const cached = updates.get(key);
  if (cached !== undefined) return cached;
  const unbound = new Map(columns.map((column) => [column, null]));
  const text = textOf(
    sql`UPDATE ${tableOf(entity)} SET ${assignments(unbound)} WHERE ${identifier("id")} = ${null} RETURNING ${rowColumns(entity)}`,
  );
  if (updates.size >= MAX_CACHED_UPDATES) updates.clear();
  updates.set(key, text);
  return text;
}

const rowColumns = (entity: Entity): SQL =>
  list([...entity.columns.map(({ columnName }) => columnName), VERSION_COLUMN].map(identifier));

const textOf = (query: SQL): string => toStatement(query).sql;
