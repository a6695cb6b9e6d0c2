import { comparisons, storedEquals } from "../columns/entity-constraints.ts";
import type { Entity, EntityConstraint } from "../model/entity.ts";
import { quoteName, VERSION_COLUMN } from "../model/names.ts";
import type { Statement } from "../model/sql-value.ts";
import { literal, statement } from "./sql-text.ts";

const VERSION = quoteName(VERSION_COLUMN);

/** A trigger or an index: what it is called, and how it is made. */
export interface Made {
  readonly name: string;
  readonly create: Statement;
}

/** No name of a schema holds it, so that no table's name and purpose together are those of another table. */
const SEPARATOR = ".";

/** What the trigger is called, case aside, in databases made when the separator was one that names can hold. */
export const formerNameOf = (name: string): string => name.replace(SEPARATOR, "__").toLowerCase();

type RowConstraint = Exclude<EntityConstraint, { type: "UNIQUE_COMPOSITE" }>;

/** All triggers of an entity's table. */
export function triggersOf(entity: Entity): readonly Made[] {
  return [
    ...countTriggers(entity),
    ...versionTriggers(entity),
    ...entity.constraints.flatMap((constraint, i) => constraintTriggers(entity, constraint, i)),
  ];
}

const RAISED = /CONSTRAINT:(\d+)$/;

/** Whether a trigger has found some entity's constraint broken. */
export const isBrokenConstraint = (message: string): boolean => RAISED.test(message);

/** Which of the entity's constraints a trigger has found broken; undefined for another message. */
export function brokenConstraintOf(entity: Entity, message: string): EntityConstraint | undefined {
  const index = RAISED.exec(message)?.[1];
  return index === undefined ? undefined : entity.constraints[Number(index)];
}

/** The SQL condition that a row breaks the constraint; `prefix` is that of its columns, such as `NEW.`. */
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

interface Event {
  /** Such as `INSERT` or `UPDATE OF "status"`. */
  readonly event: string;
  readonly when?: string;
  readonly body: string;
}

function trigger({ physicalTable }: Entity, purpose: string, { event, when, body }: Event): Made {
  const name = `${physicalTable}${SEPARATOR}${purpose}`;
  const condition = when ? ` WHEN ${when}` : "";
  return {
    name,
    create: statement(
      `CREATE TRIGGER ${quoteName(name)} AFTER ${event} ON ${quoteName(physicalTable)}${condition} BEGIN ${body} END`,
    ),
  };
}

/** Deletes by CASCADE fire them too, so the count is always that of the table. */
function countTriggers(entity: Entity): readonly Made[] {
  return (["INSERT", "DELETE"] as const).map((event) => {
    const step = event === "INSERT" ? "+ 1" : "- 1";
    const body = `UPDATE record_counts SET count = count ${step} WHERE table_name = ${literal(entity.physicalTable)};`;
    return trigger(entity, `count_${event.toLowerCase()}`, { event, body });
  });
}

/** SET NULL writes to a record behind the API's back; its ETag must change all the same. */
function versionTriggers(entity: Entity): readonly Made[] {
  const emptied = entity.columns.filter(({ references }) => references?.onDelete === "SET_NULL");
  return emptied.map(({ columnName }) => {
    return trigger(entity, `version_${columnName}`, {
      event: `UPDATE OF ${quoteName(columnName)}`,
      when: `NEW.${VERSION} = OLD.${VERSION}`,
      body: `UPDATE ${quoteName(entity.physicalTable)} SET ${VERSION} = ${VERSION} + 1 WHERE "id" = NEW."id";`,
    });
  });
}

/** Rules over several fields hold in the database, because a partial update sees only some of them. */
function constraintTriggers(entity: Entity, constraint: EntityConstraint, index: number): readonly Made[] {
  if (constraint.type === "UNIQUE_COMPOSITE") return [];
  const body = `SELECT RAISE(ABORT, 'CONSTRAINT:${index}') WHERE ${brokenCondition(entity, constraint, "NEW.")};`;
  return ["INSERT", "UPDATE"].map((event) => {
    return trigger(entity, `constraint_${index}_${event.toLowerCase()}`, { event, body });
  });
}
