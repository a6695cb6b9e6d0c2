import type { EntityDefinition } from "../../model/entity.ts";

/** The definition as sent, with ids and all defaults. */
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
