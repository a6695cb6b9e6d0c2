import { badRequest, stillReferenced } from "../../errors/api-errors.ts";
import { type Catalog, entityNamed } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { WorkspaceContext } from "../context.ts";
import { changeSchema } from "./change-schema.ts";
import { definitionsOf } from "./definitions-of.ts";

export interface DeleteEntityInput {
  readonly entity: string;
  /** Must repeat the entity's name. */
  readonly confirm: string | null;
}

/** Drops the entity with all of its records. Throws NOT_FOUND, BAD_REQUEST, FOREIGN_KEY_VIOLATION, WORKSPACE_STATUS. */
export async function deleteEntity(
  ctx: WorkspaceContext,
  { entity: name, confirm }: DeleteEntityInput,
): Promise<void> {
  await changeSchema(ctx, ({ catalog }) => {
    const entity = entityNamed(catalog, name);
    if (confirm !== name)
      throw badRequest(`This deletes all records of ${name} — repeat its name: ?confirm=${name}`);
    requireUnreferenced(catalog, entity);
    const definitions = definitionsOf(catalog).filter(({ id }) => id !== entity.id);
    return { definitions, subject: entity.definition, allowsLoss: true };
  });
}

function requireUnreferenced(catalog: Catalog, entity: Entity): void {
  const inbound = entity.inbound.find((reference) => reference.entity !== entity.name);
  if (inbound) {
    throw stillUsed(entity, { entity: inbound.entity, field: inbound.column.name });
  }
  for (const other of catalog.entities.values()) {
    const relationship = other.definition.relationships.find(({ through }) => through === entity.name);
    if (relationship && other.name !== entity.name) {
      throw stillUsed(entity, { entity: other.name, field: relationship.name });
    }
  }
}

const stillUsed = ({ name }: Entity, user: { readonly entity: string; readonly field: string }) =>
  stillReferenced(`Entity ${name} is still referenced by ${user.entity}.${user.field}`, user);
