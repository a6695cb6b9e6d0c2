import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { type Assignments, compileSet, pushArguments, textOfAssigned } from "./assignments.ts";
import { matches } from "./conditions.ts";
import { textsOf } from "./entity-texts.ts";
import type { RecordStatement } from "./statement.ts";

/** Heads cached per entity: one for each set of columns that clients send together. */
const MAX_KEPT_HEADS = 256;

/** Writes to the record whose key equals that of `matched`. Returns rows like `compileUpdates`. */
export function compileUpdateMatching(
  entity: Entity,
  key: readonly Column[],
  { matched, changed }: { readonly matched: ReadonlyMap<Column, SqlValue>; readonly changed: Assignments },
): RecordStatement {
  return compileUpdates(entity, changed, [matches(key, matched)]);
}

/**
 * Writes to every record that meets the conditions, and increments their versions. Returns rows like an insert. An
 * empty map still counts as a write; `{}` is planned as a read instead.
 */
export function compileUpdates(
  entity: Entity,
  assignments: Assignments,
  where: readonly Statement[],
): RecordStatement {
  return { kind: "WRITE", head: compileHead(entity, assignments), where, returning: textsOf(entity).row };
}

function compileHead(entity: Entity, assignments: Assignments): Statement {
  const { table, updates } = textsOf(entity);
  let key = "";
  const args: SqlValue[] = [];
  for (const [{ name }, assigned] of assignments) {
    key += `${name}=${textOfAssigned(assigned)},`;
    pushArguments(args, assigned);
  }
  const known = updates.get(key);
  if (known !== undefined) return { sql: known, args };
  const sql = `UPDATE ${table} SET ${compileSet(assignments).sql}`;
  if (updates.size >= MAX_KEPT_HEADS) updates.clear();
  updates.set(key, sql);
  return { sql, args };
}
