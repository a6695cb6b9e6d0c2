import * as z from "zod/v4";
import { entityNamed } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { changeSchema } from "./change-schema.ts";
import { completeConstraints } from "./complete-definition.ts";
import { definitionsOf, requireFree, withReplaced } from "./definitions-of.ts";
import {
  descriptionSchema,
  entityConstraintsSchema,
  indexesSchema,
  nameSchema,
  previousNamesSchema,
  relationshipsSchema,
  settingsSchema,
} from "./entity-definition-schema.ts";
import { type EntityDto, toEntityDto } from "./entity-dto.ts";
import { previousNamesOf, withEntityRenamed } from "./rename-in-definitions.ts";

export interface UpdateEntityInput {
  readonly entity: string;
  readonly body: () => unknown;
}

export const updateEntitySchema = z.strictObject({
  name: nameSchema.optional(),
  tableName: nameSchema.optional(),
  description: descriptionSchema.nullable().optional(),
  previousNames: previousNamesSchema.nullable().optional(),
  constraints: entityConstraintsSchema.optional(),
  indexes: indexesSchema.optional(),
  relationships: relationshipsSchema.optional(),
  settings: settingsSchema.partial().optional(),
});

/**
 * Changes the sent properties and, within the settings, the sent settings. References to a renamed entity follow, and the
 * old name becomes a previous name unless the request sends those.
 * Throws WORKSPACE_STATUS, NOT_FOUND, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION.
 */
export async function updateEntity(ctx: WorkspaceContext, input: UpdateEntityInput): Promise<EntityDto> {
  const { edit } = await changeSchema(ctx, ({ catalog }) => {
    const { definition } = entityNamed(catalog, input.entity);
    const {
      name = definition.name,
      settings,
      constraints,
      indexes,
      description,
      previousNames = previousNamesOf(definition, name),
      ...rest
    } = parseInput(updateEntitySchema, input.body());
    const all = withEntityRenamed(definitionsOf(catalog), { from: definition.name, to: name });
    const renamed = all.find(({ id }) => id === definition.id) ?? definition;
    const subject: EntityDefinition = {
      ...renamed,
      ...withoutUndefined(rest),
      ...(description !== undefined && { description: description ?? undefined }),
      ...(previousNames !== undefined && { previousNames: previousNames ?? undefined }),
      ...(indexes && { indexes: indexes.length > 0 ? indexes : undefined }),
      ...(constraints && { constraints: completeConstraints(constraints) }),
      settings: { ...definition.settings, ...withoutUndefined(settings ?? {}) },
    };
    requireFree(subject, all);
    return { definitions: withReplaced(all, subject), subject };
  });
  return toEntityDto(edit.subject);
}
