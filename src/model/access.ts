import type { Actor } from "./actor.ts";
import type { Catalog } from "./catalog.ts";
import type { Entity, Relationship } from "./entity.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { Role } from "./role.ts";

export const OPERATIONS = ["read", "create", "update", "delete"] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * A principal's rights to one entity, its records and fields. All names are stored as stable ids: a rename is followed,
 * and a new entity or field with an old name gets nothing.
 */
export interface ApiKeyScope extends ScopeRules {
  readonly entityId: string;
  readonly operations: readonly Operation[];
}

/**
 * An absent rule does not limit anything. Names of fields and relationships are stable ids, see
 * query/rules/rule-names.ts.
 */
export interface ScopeRules {
  /** Only matching records exist for the principal. A tree of the JSON filter, with operands. */
  readonly filter?: JsonObject;
  /** A tree that a record must satisfy after a create or update. Default: `filter`. */
  readonly check?: JsonObject;
  /** The fields that may be read, besides `id`. */
  readonly fields?: readonly string[];
  /** The fields that may be written. Default: all that may be read. */
  readonly writableFields?: readonly string[];
  readonly presets?: Readonly<Record<string, Preset>>;
}

/** A value that the server sets on every create, and with `on: "WRITE"` on every update too. */
export interface Preset {
  readonly value: JsonValue;
  readonly on?: "WRITE";
}

/** The caller's rights in a workspace, beyond the permission to write at all. */
export interface Access {
  /** Whether nothing is hidden, so that an unknown name need not look like a forbidden one. */
  readonly isWhole: boolean;
  isAllowed(operation: Operation, entity: Pick<Entity, "id">): boolean;
  readonly mayMintTokens: boolean;
  /** Lists of scopes. Each list must allow the request: that of a key, and that of a token that it minted. */
  readonly layers: readonly (readonly ApiKeyScope[])[];
  /** Whom errors address: the holder of a key, or a user. */
  readonly who: "KEY" | "USER";
  /** The claims that rules may refer to. */
  readonly claims: JsonObject;
  /** Whether values for fields that the server sets (`autoSet`) are accepted. Default: no. */
  readonly mayWriteTimestamps?: boolean;
}

const NO_CLAIMS: JsonObject = {};
const WHOLE_ACCESS: Access = {
  isWhole: true,
  mayMintTokens: false,
  isAllowed: () => true,
  layers: [],
  who: "KEY",
  claims: NO_CLAIMS,
};

export function accessOf(actor: Actor): Access {
  switch (actor.kind) {
    case "ADMIN":
      return { ...WHOLE_ACCESS, mayWriteTimestamps: true };
    case "USER":
      return { ...accessWithin([scopesOfRole(actor.role)]), who: "USER", claims: actor.user.claims };
    case "ANONYMOUS":
      return { ...accessWithin([scopesOfRole(actor.role)]), who: "USER" };
    case "TOKEN": {
      const { key, token } = actor;
      return { ...accessWithin([key.scopes, token.scopes]), who: "USER", claims: token.claims };
    }
    case "KEY": {
      const { scopes, mayMintTokens = false, mayWriteTimestamps = false } = actor.key;
      return { ...accessWithin([scopes]), mayMintTokens, mayWriteTimestamps };
    }
  }
}

/** A caller without a role may do nothing. */
const scopesOfRole = (role: Role | undefined) => (role ? role.scopes : []);

/** What all lists of scopes allow; null allows everything. */
function accessWithin(lists: readonly (readonly ApiKeyScope[] | null)[]): Access {
  const layers = lists.filter((each) => each !== null);
  if (layers.length === 0) return WHOLE_ACCESS;
  return {
    ...WHOLE_ACCESS,
    isWhole: false,
    isAllowed: (operation, { id }) =>
      layers.every((scopes) =>
        scopes.some(({ entityId, operations }) => entityId === id && operations.includes(operation)),
      ),
    layers,
  };
}

/**
 * Whether everything that a relationship leads through may be read. Otherwise the relationship does not exist for the
 * caller.
 */
export const canFollow = (relationship: Relationship, canRead: (name: string) => boolean): boolean =>
  canRead(relationship.target) && (relationship.kind !== "MANY_TO_MANY" || canRead(relationship.through));

/** Whether an entity with this name exists and may be read. */
export function canReadIn({ entities }: Catalog, access: Access): (name: string) => boolean {
  return (name) => {
    const entity = entities.get(name);
    return entity !== undefined && access.isAllowed("read", entity);
  };
}
