import { eq } from "drizzle-orm";
import { LruMap } from "../lib/lru-map.ts";
import type { ApiKeyRecord } from "../model/api-key.ts";
import type { WorkspaceAddress } from "../model/workspace.ts";
import { db, type Platform } from "./platform.ts";
import { apiKeys } from "./tables/platform.ts";

/** Keys that mint tokens, by id, as cached by one isolate. They may be stale; the fence of each request finds out. */
const KEYS_PER_ISOLATE = 2_000;
const remembered = new LruMap<string, ApiKeyRecord>(KEYS_PER_ISOLATE);

export const rememberTokenKey = (key: ApiKeyRecord): void => remembered.set(key.keyId, key);

/** Returns the cached key, or reads it in one round trip. Undefined if the key does not exist. */
export async function findTokenKey(
  platform: Platform,
  keyId: string,
  { organization, workspace }: WorkspaceAddress,
): Promise<ApiKeyRecord | undefined> {
  const known = remembered.get(keyId);
  if (known) return known;
  const [[row]] = await platform.readBatch([db.select().from(apiKeys).where(eq(apiKeys.id, keyId))]);
  if (!row) return undefined;
  const { workspaceId, version, permission, expiresAt, scopes, allowedIps, mayMintTokens } = row;
  const facts = { workspaceId, version, permission, expiresAt, scopes, allowedIps, mayMintTokens };
  const key = { keyId, organization, workspace, ...facts };
  rememberTokenKey(key);
  return key;
}
