import type { Actor } from "./api-key.ts";
import type { Catalog } from "./catalog.ts";
import type { Entity, Relationship } from "./entity.ts";
import type { JsonObject, JsonValue } from "./json.ts";

export const OPERATIONS = ["read", "create", "update", "delete"] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * What a principal may do with one entity, and with which records and fields of it. Everything is kept by stable ids: a
 * rename is followed, and a new entity or field of an old name inherits nothing.
 */
export interface ApiKeyScope extends ScopeRules {
  readonly entityId: string;
  readonly operations: readonly Operation[];
}

/** Absent rules do not narrow anything. Names of fields and relationships are stable ids, see query/rules/rule-names.ts. */
export interface ScopeRules {
  /** Only matching records exist for the principal. A tree of the JSON filter, with operands. */
  readonly filter?: JsonObject;
  /** What a record must satisfy after a create or an update; absent: `filter`. */
  readonly check?: JsonObject;
  /** The fields that may be read, beside `id`. */
  readonly fields?: readonly string[];
  /** The fields that may be written; absent: all that may be read. */
  readonly writableFields?: readonly string[];
  readonly presets?: Readonly<Record<string, Preset>>;
}

/** A value that the server sets, always on create and with `on: "WRITE"` on every update as well. */
export interface Preset {
  readonly value: JsonValue;
  readonly on?: "WRITE";
}

/** What the caller may do in a workspace, beyond the permission to write at all. */
export interface Access {
  /** Whether nothing is left out, so that a name which does not exist may be told apart from one that is not allowed. */
  readonly isWhole: boolean;
  isAllowed(operation: Operation, entity: Pick<Entity, "id">): boolean;
  readonly mayMintTokens: boolean;
  /** Lists of scopes of which each must allow what is done: those of a key, and of a token that it minted. */
  readonly layers: readonly (readonly ApiKeyScope[])[];
  /** Whom refusals speak to: the holder of a key, or a user. */
  readonly who: "KEY" | "USER";
  /** What rules may refer to. */
  readonly claims: JsonObject;
  /** Whether values for fields that the server sets (`autoSet`) are taken; absent means no. */
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
  if (actor.kind === "ADMIN") return { ...WHOLE_ACCESS, mayWriteTimestamps: true };
  const { scopes, mayMintTokens = false } = actor.key;
  const token = actor.kind === "TOKEN" ? actor.token : null;
  /* A right of imports, not of users. */
  const mayWriteTimestamps = actor.key.mayWriteTimestamps === true && !token;
  if (!scopes && !token && !mayMintTokens) return { ...WHOLE_ACCESS, mayWriteTimestamps };
  const layers = [scopes, token?.scopes ?? null].filter((each) => each !== null);
  return {
    mayWriteTimestamps,
    isWhole: layers.length === 0,
    mayMintTokens: mayMintTokens && !token,
    isAllowed: (operation, { id }) =>
      layers.every((scopes) =>
        scopes.some(({ entityId, operations }) => entityId === id && operations.includes(operation)),
      ),
    layers,
    who: token ? "USER" : "KEY",
    claims: token?.claims ?? NO_CLAIMS,
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
