import { eq } from "drizzle-orm";
import { LruMap } from "../lib/lru-map.ts";
import type { ApiKeyRecord } from "../model/api-key.ts";
import type { WorkspaceAddress } from "../model/workspace.ts";
import type { Platform } from "./platform.ts";
import { apiKeys } from "./tables/platform.ts";

/** The keys that tokens were minted by, by their id. What is in here may be stale; the fence of each request tells. */
const KEYS_PER_ISOLATE = 2_000;
const remembered = new LruMap<string, ApiKeyRecord>(KEYS_PER_ISOLATE);

export const rememberTokenKey = (key: ApiKeyRecord): void => remembered.set(key.keyId, key);

/** From the isolate's memory, else read in one round trip. Undefined when there is no such key. */
export async function findTokenKey(
  { read }: Platform,
  keyId: string,
  { organization, workspace }: WorkspaceAddress,
): Promise<ApiKeyRecord | undefined> {
  const known = remembered.get(keyId);
  if (known) return known;
  const [[row]] = await read.batch([read.select().from(apiKeys).where(eq(apiKeys.id, keyId))]);
  if (!row) return undefined;
  const { workspaceId, version, permission, expiresAt, scopes, allowedIps, mayMintTokens } = row;
  const facts = { workspaceId, version, permission, expiresAt, scopes, allowedIps, mayMintTokens };
  const key = { keyId, organization, workspace, ...facts };
  rememberTokenKey(key);
  return key;
}
