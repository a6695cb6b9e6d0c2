import type { ApiKeyScope } from "../model/access.ts";
import type { AccessMode, Need } from "../model/access-mode.ts";
import type { Actor } from "../model/actor.ts";
import type { Permission } from "../model/api-key.ts";
import type { Rows, Statement } from "../model/sql-value.ts";
import type { WorkspaceView } from "../model/workspace.ts";

/** The cached data that a request is planned on. Any of it may be stale. */
export interface Belief {
  readonly actor: Actor;
  readonly view: WorkspaceView;
}

/** The database's data about the same key and workspace, read in the request's own transaction. */
export interface Facts {
  readonly workspaceId: number;
  readonly revision: number;
  readonly accessMode: AccessMode;
  /** Whether a schema change is running, so that others may only read. */
  readonly isMigrating: boolean;
  /**
   * The principal's tokens that were issued until then are revoked; null if none are. Absent for principals without a
   * token.
   */
  readonly revokedBefore?: string | null;
  /** Absent for principals without an API key. */
  readonly key?: {
    readonly version: number;
    readonly permission: Permission;
    readonly expiresAt: string | null;
    readonly revokedAt: string | null;
    readonly scopes: readonly ApiKeyScope[] | null;
    readonly allowedIps: readonly string[] | null;
    readonly mayWriteTimestamps: boolean;
    /** When the grace period of a rotated secret ends; null for the current secret. */
    readonly validUntil: string | null;
    readonly mayMintTokens: boolean;
    /** Tokens of the same key and subject that were issued until then have ended; null if none was revoked. */
    readonly revokedBefore: string | null;
  };
}

/* The facts are one JSON array, in the order that decodeFacts reads; drizzle/0016_user_tokens.sql. */
const FACTS_OF_KEY = "SELECT facts FROM key_facts WHERE hash = ?";

const FACTS_OF_TOKEN = `SELECT json_array(
  w.id, w.revision, w.access_mode, coalesce(w.migrating_until, 0) > unixepoch(),
  k.version, k.permission, k.expires_at, k.revoked_at, NULL, k.scopes, k.allowed_ips, k.may_write_timestamps, k.may_mint_tokens,
  (SELECT max(r.revoked_before) FROM token_revocations r
    WHERE r.workspace_id = w.id AND r.key_id IN ('', k.id) AND r.subject IN ('', ?))
) AS facts FROM api_keys k JOIN workspaces w ON w.id = k.workspace_id WHERE k.id = ?`;

const OF_WORKSPACE = "id, revision, access_mode, coalesce(migrating_until, 0) > unixepoch()";
const FACTS_OF_WORKSPACE = `SELECT json_array(${OF_WORKSPACE}) AS facts FROM workspaces WHERE id = ?`;
const FACTS_OF_USER = `SELECT json_array(${OF_WORKSPACE},
  (SELECT max(r.revoked_before) FROM user_revocations r WHERE r.workspace_id = id AND r.issuer = ? AND r.subject IN ('', ?))
) AS facts FROM workspaces WHERE id = ?`;

const BELIEVED = "(workspace_id, revision, need, secret_hash, key_version";
const INSERT_BELIEF = `INSERT INTO request_fence ${BELIEVED}, now) VALUES (?, ?, ?, ?, ?, ?)`;
/* drizzle/0016_user_tokens.sql. */
const INSERT_TOKEN_BELIEF =
  "INSERT INTO token_fence (workspace_id, revision, need, key_id, key_version, now, subject, issued_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
/* drizzle/0020_users.sql. */
const INSERT_USER_BELIEF =
  "INSERT INTO user_fence (workspace_id, revision, need, now, issuer, subject, issued_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
/* drizzle/0012_write_fence.sql. */
const IS_BELIEVED = `EXISTS (SELECT 1 FROM write_fence WHERE ${BELIEVED}) = (?, ?, ?, ?, ?) AND ends_at > ?)`;

/** Reads the facts, to compare them with the belief. */
export function factsStatement({ actor, view }: Belief): Statement {
  if (actor.kind === "KEY") return { sql: FACTS_OF_KEY, args: [actor.secretHash] };
  if (actor.kind === "TOKEN") return { sql: FACTS_OF_TOKEN, args: [actor.token.subject, actor.key.keyId] };
  const { id } = view.workspace;
  if (actor.kind === "USER") return { sql: FACTS_OF_USER, args: [actor.user.issuer, actor.user.subject, id] };
  return { sql: FACTS_OF_WORKSPACE, args: [id] };
}

/** Returns undefined if the key, or for others the workspace, does not exist. */
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
  if (key.length === 1) return { ...facts, revokedBefore: key[0] as string | null };
  return { ...facts, key: decodeKey(key) };
}

type KeyFacts = NonNullable<Facts["key"]>;
type KeyRow = readonly [
  version: number,
  permission: Permission,
  expiresAt: string | null,
  revokedAt: string | null,
  validUntil: string | null,
  scopes: string | null,
  allowedIps: string | null,
  mayWriteTimestamps: number,
  mayMintTokens: number,
  revokedBefore?: string | null,
];

function decodeKey(row: readonly unknown[]): KeyFacts {
  const [version, permission, expiresAt, revokedAt, validUntil, ...others] = row as KeyRow;
  const [scopes, allowedIps, mayWriteTimestamps, mayMintTokens, revokedBefore] = others;
  return {
    version,
    permission,
    expiresAt,
    revokedAt,
    validUntil,
    scopes: scopes && JSON.parse(scopes),
    allowedIps: allowedIps && JSON.parse(allowedIps),
    mayWriteTimestamps: mayWriteTimestamps === 1,
    mayMintTokens: mayMintTokens === 1,
    revokedBefore: revokedBefore ?? null,
  };
}

/** The first statement of a writing batch. It fails with `FENCE` if any of the belief is stale. */
export function guardStatement({ actor, view }: Belief, need: Need, now: Date): Statement {
  const { id, revision } = view.workspace;
  if (actor.kind === "USER") {
    const { issuer, subject, issuedAt } = actor.user;
    const believed = [id, revision, need, now.toISOString()];
    return { sql: INSERT_USER_BELIEF, args: [...believed, issuer, subject, issuedAt.toISOString()] };
  }
  if (actor.kind === "TOKEN") {
    const { key, token } = actor;
    const believed = [id, revision, need, key.keyId, key.version];
    return {
      sql: INSERT_TOKEN_BELIEF,
      args: [...believed, now.toISOString(), token.subject, token.issuedAt.toISOString()],
    };
  }
  const [hash, version] = actor.kind === "KEY" ? [actor.secretHash, actor.key.version] : [null, null];
  return { sql: INSERT_BELIEF, args: [id, revision, need, hash, version, now.toISOString()] };
}

/** The condition that the whole belief is still true, for a write that is one statement. */
export const fenceCondition = (belief: Belief, now: Date): Statement => ({
  sql: IS_BELIEVED,
  args: guardStatement(belief, "WRITE", now).args,
});
