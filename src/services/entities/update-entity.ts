import { eq } from "drizzle-orm";
import * as z from "zod";
import { toStatement } from "../../db/platform.ts";
import { entities } from "../../db/tables/platform.ts";
import { uniqueViolation, validationFailed } from "../../errors/failures.ts";
import { buildCatalog, getEntity } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { changeSchema } from "./change-schema.ts";
import { checkDefinition } from "./check-definition.ts";
import { checkSettings } from "./check-settings.ts";
import { nameSchema, relationshipsSchema, settingsSchema } from "./entity-definition-schema.ts";
import { type EntityDto, toEntityDto } from "./entity-dto.ts";

export interface UpdateEntityInput {
  readonly entity: string;
  readonly body: () => unknown;
}

const updateEntitySchema = z.strictObject({
  name: nameSchema.optional(),
  relationships: relationshipsSchema.optional(),
  settings: settingsSchema.partial().optional(),
});

/**
 * Changes what is sent of an entity's name, many-to-many relationships and settings; its table stays as it is. Of the
 * settings, too, only what is sent changes. Whoever refers to a renamed entity goes on referring to it.
 * Throws WORKSPACE_STATUS, NOT_FOUND, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION.
 */
export async function updateEntity(ctx: WorkspaceContext, input: UpdateEntityInput): Promise<EntityDto> {
  return changeSchema(ctx, ({ catalog }) => {
    const { definition } = getEntity(catalog, input.entity);
    const { name = definition.name, relationships, settings } = parseInput(updateEntitySchema, input.body());
    if (name !== definition.name && catalog.entities.has(name))
      throw uniqueViolation([{ field: "name", value: name }]);
    const renamed = [...catalog.entities.values()].map((entity) => {
      return withRenamed(entity.definition, { from: definition.name, to: name });
    });
    const changed = {
      ...(renamed.find(({ id }) => id === definition.id) ?? definition),
      ...(relationships && { relationships }),
      settings: { ...definition.settings, ...withoutUndefined(settings ?? {}) },
    };
    const others = renamed.filter(({ id }) => id !== definition.id);
    const details = checkDefinition(changed, others);
    if (details.length > 0) throw validationFailed(details);
    const next = buildCatalog({ ...catalog, definitions: [...others, changed] });
    const unknown = checkSettings(next, getEntity(next, name));
    if (unknown.length > 0) throw validationFailed(unknown);
    const written = name === definition.name ? [changed] : [changed, ...others];
    return { statements: written.map((each) => rewrite(ctx, each)), result: toEntityDto(changed) };
  });
}

/** The definition with an entity's new name wherever it stood. */
function withRenamed(
  definition: EntityDefinition,
  { from, to }: { from: string; to: string },
): EntityDefinition {
  if (from === to) return definition;
  const rename = (name: string) => (name === from ? to : name);
  return {
    ...definition,
    name: rename(definition.name),
    columns: definition.columns.map((column) => {
      const { references } = column;
      return references
        ? { ...column, references: { ...references, entity: rename(references.entity) } }
        : column;
    }),
    relationships: definition.relationships.map((relationship) => {
      return { ...relationship, through: rename(relationship.through) };
    }),
  };
}

function rewrite({ platform: { write } }: WorkspaceContext, definition: EntityDefinition): Statement {
  const { id, name } = definition;
  return toStatement(write.update(entities).set({ name, definition }).where(eq(entities.id, id)));
}
