import type { ApiKeyScope } from "../model/access.ts";
import type { AccessMode, Need } from "../model/access-mode.ts";
import type { Actor, Permission } from "../model/api-key.ts";
import type { Rows, Statement } from "../model/sql-value.ts";
import type { WorkspaceView } from "../model/workspace.ts";

/** What a request is planned on. It comes from caches, so any of it may be stale. */
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
    readonly mayWriteTimestamps: boolean;
    /** End of a rotated secret's grace period; null for the current secret. */
    readonly validUntil: string | null;
  };
}

/* The facts are one JSON array, in the order in which decodeFacts reads it; drizzle/0013_write_timestamps.sql. */
const FACTS_OF_KEY = "SELECT facts FROM key_facts WHERE hash = ?";

const FACTS_OF_WORKSPACE =
  "SELECT json_array(id, revision, access_mode, coalesce(migrating_until, 0) > unixepoch()) AS facts FROM workspaces WHERE id = ?";

const BELIEVED = "(workspace_id, revision, need, secret_hash, key_version";
const INSERT_BELIEF = `INSERT INTO request_fence ${BELIEVED}, now) VALUES (?, ?, ?, ?, ?, ?)`;
/* drizzle/0012_write_fence.sql. */
const IS_BELIEVED = `EXISTS (SELECT 1 FROM write_fence WHERE ${BELIEVED}) = (?, ?, ?, ?, ?) AND ends_at > ?)`;

/** Reads the facts, to be compared with the belief. */
export function factsStatement({ actor, view }: Belief): Statement {
  if (actor.kind === "KEY") return { sql: FACTS_OF_KEY, args: [actor.secretHash] };
  return { sql: FACTS_OF_WORKSPACE, args: [view.workspace.id] };
}

/** Undefined when the key, or for the admin the workspace, does not exist. */
export function decodeFacts(rows: Rows): Facts | undefined {
  const [row] = rows;
  if (!row) return undefined;
  const [workspaceId, revision, accessMode, migrating, ...key] = JSON.parse(String(row[0])) as readonly [
    number,
    number,
    AccessMode,
    number,
    ...unknown[],
  ];
  const facts = { workspaceId, revision, accessMode, isMigrating: migrating === 1 };
  if (key.length === 0) return facts;
  const [version, permission, expiresAt, revokedAt, validUntil, scopes, allowedIps, mayWriteTimestamps] =
    key as [
      number,
      Permission,
      string | null,
      string | null,
      string | null,
      string | null,
      string | null,
      number,
    ];
  return {
    ...facts,
    key: {
      version,
      permission,
      expiresAt,
      revokedAt,
      validUntil,
      scopes: scopes && JSON.parse(scopes),
      allowedIps: allowedIps && JSON.parse(allowedIps),
      mayWriteTimestamps: mayWriteTimestamps === 1,
    },
  };
}

/** First statement of a writing batch: fails with the raised text `FENCE` unless all of the belief still holds. */
export function guardStatement({ actor, view }: Belief, need: Need, now: Date): Statement {
  const { id, revision } = view.workspace;
  const [hash, version] = actor.kind === "KEY" ? [actor.secretHash, actor.key.version] : [null, null];
  return { sql: INSERT_BELIEF, args: [id, revision, need, hash, version, now.toISOString()] };
}

/** The condition that all of a belief still holds, for a key's write that is one statement. */
export const fenceCondition = (belief: Belief, now: Date): Statement => ({
  sql: IS_BELIEVED,
  args: guardStatement(belief, "WRITE", now).args,
});
