import { and, eq, isNull, sql } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import type { WorkspaceContext } from "../context.ts";
import { auditKey, isKeyOf } from "./api-key.ts";
import { apiKeyMissing } from "./api-key-missing.ts";
import { publishApiKey } from "./publish-api-key.ts";

/**
 * Revokes a key for good, from the next request on, everywhere. Revoking again changes nothing, but removes copies that
 * are still in KV. Throws NOT_FOUND.
 */
export async function revokeApiKey(ctx: WorkspaceContext, id: string): Promise<void> {
  const isKey = isKeyOf(ctx.address, id);
  const onlyIf = isNull(apiKeys.revokedAt);
  const audit = auditKey(ctx, { action: "api-key.revoked", id, onlyIf });
  const [, , , [key], secrets] = await ctx.platform.writeBatch([
    audit.before,
    db
      .update(apiKeys)
      .set({ revokedAt: ctx.now.toISOString(), version: sql`${apiKeys.version} + 1` })
      .where(and(isKey, onlyIf)),
    audit.after,
    db.select({ id: apiKeys.id }).from(apiKeys).where(isKey),
    db.select({ hash: apiKeySecrets.hash }).from(apiKeySecrets).where(eq(apiKeySecrets.keyId, id)),
  ]);
  if (!key) throw await apiKeyMissing(ctx, id);
  await publishApiKey(
    ctx,
    secrets.map(({ hash }) => hash),
    undefined,
  );
}
