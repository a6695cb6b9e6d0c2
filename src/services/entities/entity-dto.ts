import type { EntityDefinition } from "../../model/entity.ts";

/** The definition as it was given, with ids and every default filled in. */
export type EntityDto = EntityDefinition;

export function toEntityDto({
  id,
  name,
  previousNames,
  tableName,
  description,
  idType,
  columns,
  constraints,
  indexes,
  relationships,
  settings,
}: EntityDefinition): EntityDto {
  return {
    id,
    name,
    ...(previousNames && { previousNames }),
    tableName,
    ...(description !== undefined && { description }),
    idType,
    columns,
    constraints,
    ...(indexes && { indexes }),
    relationships,
    settings,
  };
}
