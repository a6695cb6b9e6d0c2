import type { Entity } from "../../model/entity.ts";
import type { Statement } from "../../model/sql-value.ts";
import { textsOf } from "./entity-texts.ts";
import { type RecordStatement, returningId } from "./statement.ts";

/** Deletes the record that meets the condition. Returns its id, or no row if there is no such record. */
export const compileDelete = (entity: Entity, condition: Statement): RecordStatement =>
  returningId(compileDeletes(entity, condition));

/** Deletes every record that meets the condition. Returns their rows from before. */
export function compileDeletes(entity: Entity, condition: Statement): RecordStatement {
  const { delete: sql, row } = textsOf(entity);
  return { kind: "WRITE", head: { sql, args: [] }, where: [condition], returning: row };
}
