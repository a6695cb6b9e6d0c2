import type { EntityDefinition } from "../../model/entity.ts";

/** The definition as it was given, with ids and every default filled in. */
export type EntityDto = EntityDefinition;

export function toEntityDto({
  id,
  name,
  tableName,
  idType,
  columns,
  constraints,
  relationships,
  settings,
}: EntityDefinition): EntityDto {
  return { id, name, tableName, idType, columns, constraints, relationships, settings };
}
