import { columnTypeOf } from "../columns/registry.ts";
import { type Catalog, entityNamed } from "../model/catalog.ts";
import type { Column, OnDelete } from "../model/column.ts";
import type { Entity } from "../model/entity.ts";
import { quoteName, VERSION_COLUMN } from "../model/names.ts";
import type { Statement } from "../model/sql-value.ts";
import { indexesOf } from "./indexes.ts";
import { statement } from "./sql-text.ts";
import { triggersOf } from "./triggers.ts";

/** Counts the writes to a record, and is the version in its ETag. Inserts decide where it starts. */
const VERSION_DEFINITION = `${quoteName(VERSION_COLUMN)} INTEGER NOT NULL DEFAULT 1`;

const actionOf: Readonly<Record<OnDelete, string>> = {
  RESTRICT: "RESTRICT",
  CASCADE: "CASCADE",
  SET_NULL: "SET NULL",
};

/**
 * Creates the entity's table with its indexes and triggers. Entities that it refers to may come later in the same
 * batch.
 */
export function compileCreateEntity(catalog: Catalog, entity: Entity): readonly Statement[] {
  const { physicalTable, definition, idType } = entity;
  const id = idType === "UUID" ? `"id" TEXT PRIMARY KEY NOT NULL` : `"id" INTEGER PRIMARY KEY AUTOINCREMENT`;
  const columns = definition.columns.map((column) => columnDefinition(catalog, column));
  return [
    statement(
      `CREATE TABLE ${quoteName(physicalTable)} (${[id, ...columns, VERSION_DEFINITION].join(", ")})`,
    ),
    statement("INSERT INTO record_counts (table_name, count) VALUES (?, 0)", [physicalTable]),
    ...indexesOf(entity).map(({ create }) => create),
    ...triggersOf(entity).map(({ create }) => create),
  ];
}

/**
 * Drops tables that no remaining entity refers to. DROP TABLE deletes the records first, which RESTRICT blocks while
 * something refers to them. So the table with the fewest references comes first, and its references are removed before.
 * libSQL can remove them without a rebuild, but reads all definitions of the database each time.
 */
export function dropTables(entities: readonly Entity[]): readonly Statement[] {
  const left = new Map(entities.map((entity) => [entity.name, entity]));
  const statements: Statement[] = [];
  while (left.size > 0) {
    const { entity, references } = leastReferredTo(left);
    statements.push(
      ...references.map(({ owner, column }) => alterColumn(owner.physicalTable, plainDefinition(column))),
      statement(`DROP TABLE ${quoteName(entity.physicalTable)}`),
      statement("DELETE FROM record_counts WHERE table_name = ?", [entity.physicalTable]),
    );
    left.delete(entity.name);
  }
  return statements;
}

function leastReferredTo(entities: ReadonlyMap<string, Entity>) {
  const counted = [...entities.values()].map((entity) => {
    const references = entity.inbound.flatMap(({ entity: name, column }) => {
      const owner = entities.get(name);
      return owner ? [{ owner, column }] : [];
    });
    return { entity, references };
  });
  return counted.reduce((least, next) => (next.references.length < least.references.length ? next : least));
}

/**
 * A column of CREATE TABLE. It has no DEFAULT: SQLite would show a later default in records that are older than the
 * column.
 */
export function columnDefinition(catalog: Catalog, column: Column): string {
  const parts = [plainDefinition(column)];
  if (!column.nullable) parts.push("NOT NULL");
  if (column.references) {
    const { entity, onDelete } = column.references;
    const { physicalTable } = entityNamed(catalog, entity);
    parts.push(`REFERENCES ${quoteName(physicalTable)} ("id") ON DELETE ${actionOf[onDelete]}`);
  }
  return parts.join(" ");
}

/** The column with its type but no rules. */
export const plainDefinition = (column: Column): string =>
  `${quoteName(column.columnName)} ${columnTypeOf(column).storage}`;

/** The column without affinity: old values keep their stored form, new ones are stored as written. */
export const untypedDefinition = (column: Column): string => `${quoteName(column.columnName)} BLOB`;

/** libSQL's own ALTER: changes a column's definition and leaves every row as it is. */
export function alterColumn(physicalTable: string, definition: string): Statement {
  const [name] = definition.split(" ");
  return statement(`ALTER TABLE ${quoteName(physicalTable)} ALTER COLUMN ${name} TO ${definition}`);
}
