import type { Actor } from "./api-key.ts";
import type { Catalog } from "./catalog.ts";
import type { Entity, Relationship } from "./entity.ts";

export const OPERATIONS = ["read", "create", "update", "delete"] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * What a key may do with one entity. It is kept by the entity's stable id: a rename is followed, and a new entity of an
 * old name inherits nothing.
 */
export interface ApiKeyScope {
  readonly entityId: string;
  readonly operations: readonly Operation[];
}

/** What the caller may do in a workspace, beyond the permission to write at all. */
export interface Access {
  /** Whether nothing is left out, so that a name which does not exist may be told apart from one that is not allowed. */
  readonly isWhole: boolean;
  isAllowed(operation: Operation, entity: Pick<Entity, "id">): boolean;
}

const WHOLE_ACCESS: Access = { isWhole: true, isAllowed: () => true };

export function accessOf(actor: Actor): Access {
  const scopes = actor.kind === "KEY" ? actor.key.scopes : null;
  if (!scopes) return WHOLE_ACCESS;
  const operationsOf = new Map(scopes.map(({ entityId, operations }) => [entityId, operations]));
  return {
    isWhole: false,
    isAllowed: (operation, { id }) => operationsOf.get(id)?.includes(operation) ?? false,
  };
}

/** Whether all that a relationship leads through may be read; else it does not exist for who asks. */
export const canFollow = (relationship: Relationship, canRead: (name: string) => boolean): boolean =>
  canRead(relationship.target) && (relationship.kind !== "MANY_TO_MANY" || canRead(relationship.through));

/** Whether the entity of a name is there and may be read. */
export function canReadIn({ entities }: Catalog, access: Access): (name: string) => boolean {
  return (name) => {
    const entity = entities.get(name);
    return entity !== undefined && access.isAllowed("read", entity);
  };
}
