import { comparisons, storedEquals } from "../columns/entity-constraints.ts";
import { columnTypeOf } from "../columns/registry.ts";
import { type Catalog, getEntity } from "../model/catalog.ts";
import type { Column, OnDelete } from "../model/column.ts";
import type { Entity, EntityConstraint } from "../model/entity.ts";
import type { SqlValue, Statement } from "../model/sql-value.ts";

/*
 * The only place where schema names become SQL. Names match NAME_PATTERN and literals are escaped here, since DDL takes
 * no bound parameters.
 */

/** Counts the writes to a record; what its ETag is made of. */
const VERSION_DEFINITION = `"_version" INTEGER NOT NULL DEFAULT 1`;

const actionOf: Readonly<Record<OnDelete, string>> = {
  RESTRICT: "RESTRICT",
  CASCADE: "CASCADE",
  SET_NULL: "SET NULL",
};

/** The entity's table with its indexes and triggers. The entities it refers to may come later in the same batch. */
export function compileCreateEntity(catalog: Catalog, entity: Entity): readonly Statement[] {
  const columns = entity.columns.map((column) => columnDefinition(catalog, entity, column));
  return [
    statement(`CREATE TABLE ${quote(entity.physicalTable)} (${[...columns, VERSION_DEFINITION].join(", ")})`),
    statement("INSERT INTO record_counts (table_name, count) VALUES (?, 0)", [entity.physicalTable]),
    ...indexes(entity),
    ...countTriggers(entity),
    ...versionTriggers(entity),
    ...entity.constraints.flatMap((constraint, i) => constraintTriggers(entity, constraint, i)),
  ];
}

/** Drops the table with everything in it; what its own records say of each other does not stand against that. */
export function compileDropEntity(entity: Entity): readonly Statement[] {
  const own = entity.columns.filter(({ references }) => references?.entity === entity.name);
  return [...own.map((column) => dropReference(entity, column)), ...dropTable(entity)];
}

/** Drops all tables of a workspace, whatever refers to what. */
export function compileDropAll(catalog: Catalog): readonly Statement[] {
  const entities = [...catalog.entities.values()];
  const references = entities.flatMap((entity) => {
    return entity.columns
      .filter((column) => column.references)
      .map((column) => dropReference(entity, column));
  });
  return [...references, ...entities.flatMap(dropTable)];
}

/** Dropping a table deletes its records first, which RESTRICT forbids; libSQL can take the rule away without a rebuild. */
function dropReference({ physicalTable }: Entity, column: Column): Statement {
  const name = quote(column.columnName);
  return statement(
    `ALTER TABLE ${quote(physicalTable)} ALTER COLUMN ${name} TO ${name} ${columnTypeOf(column).storage}`,
  );
}

function dropTable({ physicalTable }: Entity): readonly Statement[] {
  return [
    statement(`DROP TABLE ${quote(physicalTable)}`),
    statement("DELETE FROM record_counts WHERE table_name = ?", [physicalTable]),
  ];
}

/** Which of the entity's constraints a trigger has found broken; undefined for another message. */
export function brokenConstraintOf(entity: Entity, message: string): EntityConstraint | undefined {
  const index = /CONSTRAINT:(\d+)$/.exec(message)?.[1];
  return index === undefined ? undefined : entity.constraints[Number(index)];
}

function columnDefinition(catalog: Catalog, entity: Entity, column: Column): string {
  if (column.name === "id") {
    return entity.idType === "UUID"
      ? `"id" TEXT PRIMARY KEY NOT NULL`
      : `"id" INTEGER PRIMARY KEY AUTOINCREMENT`;
  }
  const parts = [quote(column.columnName), columnTypeOf(column).storage];
  if (!column.nullable) parts.push("NOT NULL");
  const value = defaultOf(column);
  if (value !== null) parts.push(`DEFAULT ${literal(value)}`);
  if (column.references) {
    const { entity: target, onDelete } = column.references;
    parts.push(
      `REFERENCES ${quote(getEntity(catalog, target).physicalTable)} ("id") ON DELETE ${actionOf[onDelete]}`,
    );
  }
  return parts.join(" ");
}

function defaultOf(column: Column): SqlValue {
  if (column.default === undefined || column.default === null) return null;
  const parsed = columnTypeOf(column).parse(column.default, column);
  return parsed.ok ? parsed.value : null;
}

function indexes(entity: Entity): readonly Statement[] {
  const table = quote(entity.physicalTable);
  const single = entity.columns.flatMap((column) => {
    const { name, columnName, unique, indexed, references } = column;
    if (name === "id" || !(unique || indexed || references)) return [];
    const kind = unique ? "UNIQUE INDEX" : "INDEX";
    return [
      statement(
        `CREATE ${kind} ${quote(`${entity.physicalTable}__${columnName}`)} ON ${table} (${quote(columnName)})`,
      ),
    ];
  });
  const combined = entity.constraints.flatMap((constraint, i) => {
    if (constraint.type !== "UNIQUE_COMPOSITE") return [];
    const columns = constraint.fields.map((field) => quote(columnNameOf(entity, field))).join(", ");
    return [
      statement(
        `CREATE UNIQUE INDEX ${quote(`${entity.physicalTable}__unique_${i}`)} ON ${table} (${columns})`,
      ),
    ];
  });
  return [...single, ...combined];
}

/** Deletes by CASCADE fire them too, so the count is always that of the table. */
function countTriggers({ physicalTable }: Entity): readonly Statement[] {
  return (["INSERT", "DELETE"] as const).map((event) => {
    const step = event === "INSERT" ? "+ 1" : "- 1";
    const count = `UPDATE record_counts SET count = count ${step} WHERE table_name = ${literal(physicalTable)};`;
    const name = quote(`${physicalTable}__count_${event.toLowerCase()}`);
    return statement(`CREATE TRIGGER ${name} AFTER ${event} ON ${quote(physicalTable)} BEGIN ${count} END`);
  });
}

/** SET NULL writes to a record behind the API's back; its ETag must change all the same. */
function versionTriggers({ physicalTable, columns }: Entity): readonly Statement[] {
  const table = quote(physicalTable);
  const emptied = columns.filter(({ references }) => references?.onDelete === "SET_NULL");
  return emptied.map(({ columnName }) => {
    const name = quote(`${physicalTable}__version_${columnName}`);
    const condition = `WHEN NEW."_version" = OLD."_version"`;
    const count = `UPDATE ${table} SET "_version" = "_version" + 1 WHERE "id" = NEW."id";`;
    return statement(
      `CREATE TRIGGER ${name} AFTER UPDATE OF ${quote(columnName)} ON ${table} ${condition} BEGIN ${count} END`,
    );
  });
}

/** Rules over several fields hold in the database, because a partial update sees only some of them. */
function constraintTriggers(
  entity: Entity,
  constraint: EntityConstraint,
  index: number,
): readonly Statement[] {
  const isBroken = brokenCondition(entity, constraint);
  if (isBroken === undefined) return [];
  return (["INSERT", "UPDATE"] as const).map((event) => {
    const name = quote(`${entity.physicalTable}__constraint_${index}_${event.toLowerCase()}`);
    const raise = `SELECT RAISE(ABORT, 'CONSTRAINT:${index}') WHERE ${isBroken};`;
    return statement(
      `CREATE TRIGGER ${name} AFTER ${event} ON ${quote(entity.physicalTable)} BEGIN ${raise} END`,
    );
  });
}

function brokenCondition(entity: Entity, constraint: EntityConstraint): string | undefined {
  if (constraint.type === "UNIQUE_COMPOSITE") return undefined;
  const newValueOf = (field: string) => `NEW.${quote(columnNameOf(entity, field))}`;
  const field = newValueOf(constraint.field);
  if (constraint.type === "CONDITIONAL_REQUIRED") {
    const equals = storedEquals(entity, constraint.when) ?? null;
    return `${field} IS NULL AND ${newValueOf(constraint.when.field)} = ${literal(equals)}`;
  }
  return `NOT (${field} ${comparisons[constraint.type].sql} ${newValueOf(constraint.otherField)})`;
}

function columnNameOf(entity: Entity, field: string): string {
  const column = entity.columnByName.get(field);
  if (!column) throw new Error(`${field} is not a column of ${entity.name}`);
  return column.columnName;
}

const statement = (sql: string, args: readonly SqlValue[] = []): Statement => ({ sql, args });

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}
