import { comparisons, storedEquals } from "../columns/entity-constraints.ts";
import type { Entity, EntityConstraint } from "../model/entity.ts";
import { quoteName, VERSION_COLUMN } from "../model/names.ts";
import type { Statement } from "../model/sql-value.ts";
import { literal, statement } from "./sql-text.ts";

/** A trigger or an index: its name and its SQL. */
export interface Made {
  readonly name: string;
  readonly create: Statement;
}

/** No schema name contains it, so names made from a table and a purpose never equal those of another table. */
const SEPARATOR = ".";
/** The separator in databases of the first versions. Names can contain it. */
const FORMER_SEPARATOR = "__";

type RowConstraint = Exclude<EntityConstraint, { type: "UNIQUE_COMPOSITE" }>;

/**
 * All triggers of an entity's table: at most one per event, because every connection reads all triggers of a database.
 */
export function triggersOf(entity: Entity): readonly Made[] {
  const checks = entity.constraints.flatMap((constraint, i) => checkOf(entity, constraint, i));
  const version = versionBump(entity);
  return [
    trigger(entity, "INSERT", [...checks, countStep(entity, "+ 1")]),
    trigger(entity, "DELETE", [countStep(entity, "- 1")]),
    ...(checks.length > 0 || version.length > 0 ? [trigger(entity, "UPDATE", [...checks, ...version])] : []),
  ];
}

/** Lower-case names of the triggers that the entity's table has, or has if an earlier version created them. */
export function triggerNamesOf(entity: Entity): readonly string[] {
  const present = ["insert", "update", "delete"];
  const earlier = [
    "count_insert",
    "count_delete",
    ...emptiedColumns(entity).map(({ columnName }) => `version_${columnName}`),
    ...entity.constraints.flatMap((_, i) => [`constraint_${i}_insert`, `constraint_${i}_update`]),
  ];
  return [
    ...[...present, ...earlier].map((purpose) => entity.physicalTable + SEPARATOR + purpose),
    ...earlier.map((purpose) => entity.physicalTable + FORMER_SEPARATOR + purpose),
  ].map((name) => name.toLowerCase());
}

const RAISED = /CONSTRAINT:(\d+)$/;

/** Whether a trigger has found some entity's constraint broken. */
export const isBrokenConstraint = (message: string): boolean => RAISED.test(message);

/** The entity's constraint that a trigger has found broken; undefined for any other message. */
export function brokenConstraintOf(entity: Entity, message: string): EntityConstraint | undefined {
  const index = RAISED.exec(message)?.[1];
  return index === undefined ? undefined : entity.constraints[Number(index)];
}

/** The SQL condition for a row that breaks the constraint. `prefix` goes before its columns, such as `NEW.`. */
export function brokenCondition(entity: Entity, constraint: RowConstraint, prefix = ""): string {
  const named = (field: string) => prefix + quoteName(columnNameOf(entity, field));
  const field = named(constraint.field);
  if (constraint.type === "CONDITIONAL_REQUIRED") {
    const equals = storedEquals(entity, constraint.when) ?? null;
    return `${field} IS NULL AND ${named(constraint.when.field)} = ${literal(equals)}`;
  }
  return `NOT (${field} ${comparisons[constraint.type].sql} ${named(constraint.otherField)})`;
}

export function columnNameOf(entity: Entity, field: string): string {
  const column = entity.columnByName.get(field);
  if (!column) throw new Error(`${field} is not a column of ${entity.name}`);
  return column.columnName;
}

function trigger({ physicalTable }: Entity, event: string, body: readonly string[]): Made {
  const name = physicalTable + SEPARATOR + event.toLowerCase();
  const create = `CREATE TRIGGER ${quoteName(name)} AFTER ${event} ON ${quoteName(physicalTable)} BEGIN ${body.join(" ")} END`;
  return { name, create: statement(create) };
}

/** Deletes by CASCADE fire the trigger too, so the count always equals that of the table. */
const countStep = ({ physicalTable }: Entity, step: "+ 1" | "- 1"): string =>
  `UPDATE record_counts SET count = count ${step} WHERE table_name = ${literal(physicalTable)};`;

const emptiedColumns = ({ columns }: Entity) =>
  columns.filter(({ references }) => references?.onDelete === "SET_NULL");

/** SET NULL writes to a record without the API, and its ETag must change too. */
function versionBump(entity: Entity): readonly string[] {
  const isEmptied = emptiedColumns(entity).map(({ columnName }) => {
    const column = quoteName(columnName);
    return `NEW.${column} IS NULL AND OLD.${column} IS NOT NULL`;
  });
  if (isEmptied.length === 0) return [];
  const version = quoteName(VERSION_COLUMN);
  return [
    `UPDATE ${quoteName(entity.physicalTable)} SET ${version} = ${version} + 1 WHERE "id" = NEW."id" AND NEW.${version} = OLD.${version} AND (${isEmptied.join(" OR ")});`,
  ];
}

/** The database enforces rules over several fields, because a partial update sees only some of them. */
function checkOf(entity: Entity, constraint: EntityConstraint, index: number): readonly string[] {
  if (constraint.type === "UNIQUE_COMPOSITE") return [];
  return [`SELECT RAISE(ABORT, 'CONSTRAINT:${index}') WHERE ${brokenCondition(entity, constraint, "NEW.")};`];
}
