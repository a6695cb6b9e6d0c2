import type { Column } from "../../model/column.ts";
import { quoteName, VERSION_COLUMN } from "../../model/names.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";

/** The new content of a column: a value, or an expression that the database computes. */
export type Assigned = SqlValue | Statement;

/** The columns that a write stores. */
export type Assignments = ReadonlyMap<Column, Assigned>;

const isExpression = (assigned: Assigned): assigned is Statement =>
  typeof assigned === "object" && assigned !== null;

/** The same assignments, with changes that the database computes. */
export const withChanges = (
  assignments: Assignments,
  changes: ReadonlyMap<Column, Statement>,
): Assignments =>
  changes.size === 0 ? assignments : new Map<Column, Assigned>([...assignments, ...changes]);

/** The SQL of an assignment's value. */
export const textOfAssigned = (assigned: Assigned): string => (isExpression(assigned) ? assigned.sql : "?");

/** The arguments of an assignment's value. */
export function pushArguments(args: SqlValue[], assigned: Assigned): void {
  if (isExpression(assigned)) args.push(...assigned.args);
  else args.push(assigned);
}

/** Whether every column gets a value, so that the SQL depends only on the columns. */
export function areAllValues(assignments: Assignments): boolean {
  for (const assigned of assignments.values()) if (isExpression(assigned)) return false;
  return true;
}

const VERSION = quoteName(VERSION_COLUMN);

/** The assignments of a `SET` clause. Every write increments the record's version. */
export function compileSet(assignments: Assignments): Statement {
  const args: SqlValue[] = [];
  const sets: string[] = [];
  for (const [{ columnName }, assigned] of assignments) {
    sets.push(`${quoteName(columnName)} = ${textOfAssigned(assigned)}`);
    pushArguments(args, assigned);
  }
  return { sql: [...sets, `${VERSION} = ${VERSION} + 1`].join(", "), args };
}
