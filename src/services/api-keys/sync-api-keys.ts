import { and, eq, gt, inArray, isNull, notExists, notInArray, or, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { workspaceIdOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { countSchema } from "../field-schemas.ts";
import { toApiKeyRecord } from "./api-key.ts";

/** Few enough for one request of a Worker. The next sync removes the rest. */
const REMOVED_PER_SYNC = 500;

export const synchronizationSchema = z.strictObject({ written: countSchema, removed: countSchema });

/**
 * Rewrites KV from the database. Writes every secret of the workspace that may still work, and removes its other
 * secrets and those of no workspace. Throws NOT_FOUND, SERVICE_UNAVAILABLE; it can then be called again.
 */
export async function syncApiKeys(ctx: WorkspaceContext): Promise<Dto<typeof synchronizationSchema>> {
  /* The database gets a secret before KV does. So a secret that was listed first and is not found there is unused. */
  const listed = await ctx.apiKeys.list();
  const { workspaces, live, strays } = await compareWithDatabase(ctx, listed);
  if (workspaces.length === 0) throw await workspaceMissing(ctx);
  for (const { key, hash } of live) await ctx.apiKeys.put(hash, toApiKeyRecord(key, ctx.address));
  for (const { hash } of strays) await ctx.apiKeys.delete(hash);
  return { written: live.length, removed: strays.length };
}

/** Compares all listed secrets in one request. One request per key would leave none for KV. */
async function compareWithDatabase({ platform, address, now }: WorkspaceContext, listed: readonly string[]) {
  const workspaceId = workspaceIdOf(address);
  const isLive = and(
    isNull(apiKeys.revokedAt),
    or(isNull(apiKeySecrets.validUntil), gt(apiKeySecrets.validUntil, now.toISOString())),
  );
  const secrets = () =>
    db
      .select({ key: apiKeys, hash: apiKeySecrets.hash })
      .from(apiKeySecrets)
      .innerJoin(apiKeys, eq(apiKeys.id, apiKeySecrets.keyId));
  const isListed = eq(apiKeySecrets.hash, sql`listed.value`);
  const isOfOthers = notInArray(apiKeys.workspaceId, workspaceId);
  /* Not a replica, which may lack the newest secrets. */
  const [workspaces, live, strays] = await platform.writeBatch([
    workspaceId,
    secrets().where(and(inArray(apiKeys.workspaceId, workspaceId), isLive)),
    db
      .select({ hash: sql<string>`listed.value` })
      .from(sql`json_each(${JSON.stringify(listed)}) AS listed`)
      .where(notExists(secrets().where(and(isListed, or(isOfOthers, isLive)))))
      .limit(REMOVED_PER_SYNC),
  ]);
  return { workspaces, live, strays };
}
