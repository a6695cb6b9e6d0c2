import { eq, inArray } from "drizzle-orm";
import { workspaceIdOf } from "../../db/lookups.ts";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import type { WorkspaceContext } from "../context.ts";
import { workspaceMissing } from "../fence/workspace-missing.ts";
import { toApiKeyRecord } from "./api-key.ts";

export interface SyncApiKeysResult {
  readonly written: number;
  readonly removed: number;
}

/**
 * Rewrites KV from the database: puts every secret that may still work, removes what the workspace no longer has.
 * Throws NOT_FOUND, SERVICE_UNAVAILABLE (and may then be run again).
 */
export async function syncApiKeys(ctx: WorkspaceContext): Promise<SyncApiKeysResult> {
  const { read } = ctx.platform;
  const workspaceId = workspaceIdOf(ctx.platform, ctx.address);
  const [found, rows] = await read.batch([
    workspaceId,
    read
      .select({ key: apiKeys, secret: apiKeySecrets })
      .from(apiKeySecrets)
      .innerJoin(apiKeys, eq(apiKeys.id, apiKeySecrets.keyId))
      .where(inArray(apiKeys.workspaceId, workspaceId)),
  ]);
  const [workspace] = found;
  if (!workspace) throw await workspaceMissing(ctx);
  const now = ctx.now.toISOString();
  const live = rows.filter(({ key, secret }) => {
    return key.revokedAt === null && (secret.validUntil === null || secret.validUntil > now);
  });
  const liveHashes = new Set(live.map(({ secret }) => secret.hash));
  for (const { key, secret } of live) await ctx.apiKeys.put(secret.hash, toApiKeyRecord(key, ctx.address));
  const removed = await removeOthers(ctx, workspace.id, liveHashes);
  return { written: live.length, removed };
}

/** Removes the workspace's keys that are in KV without working any more. */
async function removeOthers(
  ctx: WorkspaceContext,
  workspaceId: number,
  live: ReadonlySet<string>,
): Promise<number> {
  let removed = 0;
  for (const hash of await ctx.apiKeys.list()) {
    if (live.has(hash)) continue;
    const record = await ctx.apiKeys.find(hash);
    const isOurs =
      record?.workspaceId === workspaceId ||
      (record?.organization === ctx.address.organization && record.workspace === ctx.address.workspace);
    if (!isOurs) continue;
    await ctx.apiKeys.delete(hash);
    removed++;
  }
  return removed;
}
