import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { changeSchema } from "./change-schema.ts";
import { completeDefinition } from "./complete-definition.ts";
import { definitionsOf, requireFree } from "./definitions-of.ts";
import { entityDefinitionSchema } from "./entity-definition-schema.ts";
import { type EntityDto, toEntityDto } from "./entity-dto.ts";

/**
 * Defines an entity: metadata, table and the new schema version in one step. Ids are always generated, even if some are
 * sent. Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION.
 */
export async function createEntity(ctx: WorkspaceContext, body: () => unknown): Promise<EntityDto> {
  const { edit } = await changeSchema(ctx, ({ catalog }) => {
    const existing = definitionsOf(catalog);
    const input = parseInput(entityDefinitionSchema, body());
    const subject = completeDefinition(input, undefined, (name) => catalog.entities.get(name)?.idType);
    requireFree(subject, existing);
    return { definitions: [...existing, subject], subject };
  });
  return toEntityDto(edit.subject);
}
