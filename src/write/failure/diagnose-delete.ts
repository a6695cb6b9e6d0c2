import { isBrokenConstraint } from "../../ddl/triggers.ts";
import { badRequest, stillReferenced } from "../../errors/api-errors.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import { type Catalog, entityNamed } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { canHold } from "../../model/holders.ts";
import type { Statement } from "../../model/sql-value.ts";
import { compileFindHolder, type HoldingColumn } from "../sql/find.ts";
import { type Diagnosis, known } from "./diagnosis.ts";

export interface AttemptedDelete {
  readonly catalog: Catalog;
  readonly entity: Entity;
  /** Finds the ids of the records to delete. */
  readonly ids: Statement;
  /** The name of the record in messages. */
  readonly subject: string;
}

/**
 * Finds the records that block a delete: those that refer to the record, or to a record that would be deleted with
 * it.
 */
export function diagnoseDelete(
  failure: SqlFailure,
  { catalog, entity, ids, subject }: AttemptedDelete,
): Diagnosis {
  if (failure.isTooDeep)
    return known(
      badRequest(`${subject} has more than 1,000 levels of records that would be deleted with it`),
    );
  if (!failure.isForeignKey && !isBrokenConstraint(failure.message)) return known(undefined);
  const paths = pathsToHolders(catalog, entity);
  return {
    questions: paths.map((path) => compileFindHolder(path, ids)),
    conclude(answers) {
      // The blocking record may have been deleted meanwhile.
      const holding = paths.find((_, i) => answers?.[i]?.length !== 0) ?? paths[0];
      const holder = holding?.at(-1);
      if (!holder) return undefined;
      const { owner, column } = holder;
      const message = `${subject} is still referenced by ${owner.tableName}.${column.columnName}`;
      return stillReferenced(message, { entity: owner.name, field: column.name });
    },
  };
}

/** One path of references to each entity whose records can block a delete, the shortest first. */
function pathsToHolders(catalog: Catalog, deleted: Entity): readonly (readonly HoldingColumn[])[] {
  const seen = new Set([deleted]);
  const paths: (readonly HoldingColumn[])[] = [];
  const cascades: (readonly [Entity, readonly HoldingColumn[]])[] = [[deleted, []]];
  for (const [entity, path] of cascades) {
    for (const { entity: name, column } of entity.inbound) {
      const owner = entityNamed(catalog, name);
      const longer = [...path, { owner, column }];
      if (canHold(owner, column)) paths.push(longer);
      if (column.references?.onDelete !== "CASCADE" || seen.has(owner)) continue;
      seen.add(owner);
      cascades.push([owner, longer]);
    }
  }
  return paths;
}
