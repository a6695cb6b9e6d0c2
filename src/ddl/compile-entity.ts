import { columnTypeOf } from "../columns/registry.ts";
import { type Catalog, entityNamed } from "../model/catalog.ts";
import type { Column, OnDelete } from "../model/column.ts";
import type { Entity } from "../model/entity.ts";
import { quoteName, VERSION_COLUMN } from "../model/names.ts";
import type { Statement } from "../model/sql-value.ts";
import { indexesOf } from "./indexes.ts";
import { statement } from "./sql-text.ts";
import { triggersOf } from "./triggers.ts";

/** Rises with every write to a record; what its ETag is made of. Inserts say where it begins. */
const VERSION_DEFINITION = `${quoteName(VERSION_COLUMN)} INTEGER NOT NULL DEFAULT 1`;

const actionOf: Readonly<Record<OnDelete, string>> = {
  RESTRICT: "RESTRICT",
  CASCADE: "CASCADE",
  SET_NULL: "SET NULL",
};

/** The entity's table with its indexes and triggers. The entities it refers to may come later in the same batch. */
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
 * Drops the tables of entities that no others refer to. Dropping a table deletes its records first, which RESTRICT forbids
 * while something refers to it: so the one that fewest of the others refer to comes next, and those references are taken
 * away before. libSQL can do that without a rebuild, but reads the definitions of the whole database each time.
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
 * A column of CREATE TABLE. Defaults are the API's alone: SQLite would show a later default in records that were there
 * before the column.
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

/** The column with its type and no rule. */
export const plainDefinition = (column: Column): string =>
  `${quoteName(column.columnName)} ${columnTypeOf(column).storage}`;

/** The column without affinity: old values are read as they were stored, new ones are stored as they were written. */
export const untypedDefinition = (column: Column): string => `${quoteName(column.columnName)} BLOB`;

/** libSQL's own ALTER: gives a column another definition and leaves every row as it is. */
export function alterColumn(physicalTable: string, definition: string): Statement {
  const [name] = definition.split(" ");
  return statement(`ALTER TABLE ${quoteName(physicalTable)} ALTER COLUMN ${name} TO ${definition}`);
}
