import type { Entity } from "../../model/entity.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { hasId } from "./conditions.ts";
import { textsOf } from "./entity-texts.ts";
import { type RecordStatement, returningId } from "./statement.ts";

/** Deletes the record of an id. Returns the id, or no row when there is no such record. */
export function compileDelete(entity: Entity, id: SqlValue): RecordStatement {
  const head = { sql: textsOf(entity).delete, args: [] };
  return returningId({ kind: "WRITE", head, where: [hasId(id)], returning: "" });
}
