import { eq, sql } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/sqlite-core";
import type { ApiKeyScope } from "../model/access.ts";
import type { AccessMode, Need } from "../model/access-mode.ts";
import type { Actor, Permission } from "../model/api-key.ts";
import type { SqlValue, Statement } from "../model/sql-value.ts";
import type { WorkspaceView } from "../model/workspace.ts";
import type { Rows } from "./database.ts";
import { apiKeySecrets, apiKeys, workspaces } from "./tables/platform.ts";

/** What a request is planned on; caches fill it, so any of it may have changed meanwhile. */
export interface Belief {
  readonly actor: Actor;
  readonly view: WorkspaceView;
}

/** What the database says of the same key and workspace, in the request's own transaction. */
export interface Facts {
  readonly workspaceId: number;
  readonly revision: number;
  readonly accessMode: AccessMode;
  /** Somebody is changing the schema: others may only read. */
  readonly isMigrating: boolean;
  /** Absent for the admin. */
  readonly key?: {
    readonly version: number;
    readonly permission: Permission;
    readonly expiresAt: string | null;
    readonly revokedAt: string | null;
    readonly scopes: readonly ApiKeyScope[] | null;
    readonly allowedIps: readonly string[] | null;
    /** End of a rotated secret's grace period; null for the current secret. */
    readonly validUntil: string | null;
  };
}

const build = new QueryBuilder();
const workspaceFacts = {
  id: workspaces.id,
  revision: workspaces.revision,
  accessMode: workspaces.accessMode,
  isMigrating: sql<number>`coalesce(${workspaces.migratingUntil}, 0) > unixepoch()`,
};

const FACTS_OF_KEY = build
  .select({
    ...workspaceFacts,
    version: apiKeys.version,
    permission: apiKeys.permission,
    expiresAt: apiKeys.expiresAt,
    revokedAt: apiKeys.revokedAt,
    validUntil: apiKeySecrets.validUntil,
    scopes: apiKeys.scopes,
    allowedIps: apiKeys.allowedIps,
  })
  .from(apiKeySecrets)
  .innerJoin(apiKeys, eq(apiKeys.id, apiKeySecrets.keyId))
  .innerJoin(workspaces, eq(workspaces.id, apiKeys.workspaceId))
  .where(eq(apiKeySecrets.hash, sql.placeholder("hash")))
  .toSQL().sql;

const FACTS_OF_WORKSPACE = build
  .select(workspaceFacts)
  .from(workspaces)
  .where(eq(workspaces.id, sql.placeholder("id")))
  .toSQL().sql;

const GUARD =
  "INSERT INTO request_fence (workspace_id, revision, need, secret_hash, key_version, now) VALUES (?, ?, ?, ?, ?, ?)";

/** First statement of a reading batch: the facts, to be compared with the belief. */
export function factsStatement({ actor, view }: Belief): Statement {
  if (actor.kind === "KEY") return { sql: FACTS_OF_KEY, args: [actor.secretHash] };
  return { sql: FACTS_OF_WORKSPACE, args: [view.workspace.id] };
}

/** Undefined when the key, or for the admin the workspace, does not exist. */
export function decodeFacts(rows: Rows): Facts | undefined {
  const [row] = rows as readonly (readonly [number, number, AccessMode, number, ...SqlValue[]])[];
  if (!row) return undefined;
  const [workspaceId, revision, accessMode, migrating, ...key] = row;
  const facts = { workspaceId, revision, accessMode, isMigrating: migrating === 1 };
  if (key.length === 0) return facts;
  const [version, permission, expiresAt, revokedAt, validUntil, scopes, allowedIps] = key as [
    number,
    Permission,
    ...(string | null)[],
  ];
  return {
    ...facts,
    key: {
      version,
      permission,
      expiresAt: expiresAt ?? null,
      revokedAt: revokedAt ?? null,
      validUntil: validUntil ?? null,
      scopes: scopes ? JSON.parse(scopes) : null,
      allowedIps: allowedIps ? JSON.parse(allowedIps) : null,
    },
  };
}

/** First statement of a writing batch: fails with the raised text `FENCE` unless all of the belief still holds. */
export function guardStatement({ actor, view }: Belief, need: Need, now: Date): Statement {
  const { id, revision } = view.workspace;
  const [hash, version] = actor.kind === "KEY" ? [actor.secretHash, actor.key.version] : [null, null];
  return { sql: GUARD, args: [id, revision, need, hash, version, now.toISOString()] };
}
