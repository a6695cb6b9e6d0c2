import { DEFAULT_PRECISION, DEFAULT_SCALE } from "../../columns/types/decimal.ts";
import { DEFAULT_VARCHAR_LENGTH } from "../../columns/types/varchar.ts";
import { newId } from "../../lib/ids.ts";
import type { Column } from "../../model/column.ts";
import type { EntityDefinition, IdType } from "../../model/entity.ts";
import { defaultTableName, toSnakeCase } from "../../model/names.ts";
import { withoutUndefined } from "../without-undefined.ts";
import type { ColumnInput, EntityDefinitionInput } from "./entity-definition-schema.ts";

/** What an entity's id is, for the entities that a definition may refer to. */
export type IdTypeOf = (entityName: string) => IdType | undefined;

/** A definition with every default filled in and a stable id for whatever has none yet. */
export function completeDefinition(input: EntityDefinitionInput, idTypeOf: IdTypeOf): EntityDefinition {
  const knownIdTypeOf: IdTypeOf = (name) => (name === input.name ? input.idType : idTypeOf(name));
  return {
    ...input,
    id: input.id ?? newId("ent"),
    tableName: input.tableName ?? defaultTableName(input.name),
    columns: input.columns.map((column) => completeColumn(column, knownIdTypeOf)),
    constraints: input.constraints.map(
      (constraint) => withoutUndefined(constraint) as typeof constraint,
    ) as EntityDefinition["constraints"],
  };
}

export function completeColumn(input: ColumnInput, idTypeOf: IdTypeOf): Column {
  const { id, columnName, type, references, constraints, ...rest } = input;
  const completed = {
    id: id ?? newId("col"),
    ...rest,
    columnName: columnName ?? toSnakeCase(input.name),
    type: references ? (idTypeOf(references.entity) ?? "INTEGER") : (type ?? "VARCHAR"),
    constraints: constraints.map(withoutUndefined),
    references: references && {
      entity: references.entity,
      relationship: references.relationship ?? relationshipNameOf(input.name),
      inverse: references.inverse ?? null,
      onDelete: references.onDelete,
    },
    ...defaultsOfType(input),
  };
  return withoutUndefined(completed) as Column;
}

/** `customerId` → `customer`; a column that is not named so keeps its name with `Ref`. */
function relationshipNameOf(columnName: string): string {
  const match = /^(.+?)(?:Id|_id)$/.exec(columnName);
  return match?.[1] ?? `${columnName}Ref`;
}

function defaultsOfType({ type, length, precision, scale }: ColumnInput) {
  if (type === "VARCHAR") return { length: length ?? DEFAULT_VARCHAR_LENGTH };
  if (type === "DECIMAL") {
    const digits = precision ?? DEFAULT_PRECISION;
    return { precision: digits, scale: scale ?? Math.min(DEFAULT_SCALE, digits) };
  }
  return {};
}
