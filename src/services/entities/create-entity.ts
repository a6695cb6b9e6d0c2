import { eq, max, sql } from "drizzle-orm";
import { toStatement } from "../../db/platform.ts";
import { entities } from "../../db/tables/platform.ts";
import { compileCreateEntity } from "../../ddl/compile-ddl.ts";
import { badRequest, uniqueViolation, validationFailed } from "../../errors/failures.ts";
import { buildCatalog, getEntity } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import { MAX_ENTITIES } from "../../model/names.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { changeSchema } from "./change-schema.ts";
import { checkDefinition } from "./check-definition.ts";
import { checkSettings } from "./check-settings.ts";
import { completeDefinition } from "./complete-definition.ts";
import { entityDefinitionSchema } from "./entity-definition-schema.ts";
import { type EntityDto, toEntityDto } from "./entity-dto.ts";

/**
 * Defines an entity: metadata, table and the new schema version in one step.
 * Throws WORKSPACE_STATUS, NOT_FOUND, BAD_REQUEST, VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION.
 */
export async function createEntity(ctx: WorkspaceContext, body: () => unknown): Promise<EntityDto> {
  return changeSchema(ctx, ({ workspace, catalog }) => {
    const existing = [...catalog.entities.values()].map(({ definition }) => definition);
    const input = parseInput(entityDefinitionSchema, body());
    const definition = completeDefinition(input, (name) => catalog.entities.get(name)?.idType);
    requireAcceptable(definition, existing);
    const next = buildCatalog({ ...catalog, definitions: [...existing, definition] });
    const entity = getEntity(next, definition.name);
    const unknown = checkSettings(next, entity);
    if (unknown.length > 0) throw validationFailed(unknown);
    const statements = [
      ...compileCreateEntity(next, entity),
      insertDefinition(ctx, workspace.id, definition),
    ];
    return { statements, result: toEntityDto(definition) };
  });
}

function requireAcceptable(definition: EntityDefinition, existing: readonly EntityDefinition[]): void {
  const { name, tableName } = definition;
  if (existing.length >= MAX_ENTITIES) throw badRequest(`A workspace is limited to ${MAX_ENTITIES} entities`);
  const details = checkDefinition(definition, existing);
  if (details.length > 0) throw validationFailed(details);
  if (existing.some((other) => other.name === name)) throw uniqueViolation([{ field: "name", value: name }]);
  if (existing.some((other) => other.tableName.toLowerCase() === tableName.toLowerCase())) {
    throw uniqueViolation([{ field: "tableName", value: tableName }]);
  }
}

function insertDefinition(
  { platform: { read, write } }: WorkspaceContext,
  workspaceId: number,
  definition: EntityDefinition,
) {
  const { id, name, tableName } = definition;
  const last = read
    .select({ last: max(entities.position) })
    .from(entities)
    .where(eq(entities.workspaceId, workspaceId));
  const position = sql<number>`coalesce((${last}), 0) + 1`;
  return toStatement(
    write.insert(entities).values({ id, workspaceId, position, name, tableName, definition }),
  );
}
