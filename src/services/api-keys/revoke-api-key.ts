import { eq, sql } from "drizzle-orm";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import type { WorkspaceContext } from "../context.ts";
import { auditKey, isKeyOf } from "./api-key.ts";
import { apiKeyMissing } from "./api-key-missing.ts";
import { publishApiKey } from "./publish-api-key.ts";

/** Final, and holds from the next request everywhere. Revoking again changes nothing. Throws NOT_FOUND. */
export async function revokeApiKey(ctx: WorkspaceContext, id: string): Promise<void> {
  const { read, write } = ctx.platform;
  const revokedAt = sql<string>`coalesce(${apiKeys.revokedAt}, ${ctx.now.toISOString()})`;
  const audit = auditKey(ctx, { action: "api-key.revoked", id });
  const [, [row], , secrets] = await write.batch([
    audit.before,
    write
      .update(apiKeys)
      .set({ revokedAt, version: sql`${apiKeys.version} + 1` })
      .where(isKeyOf(ctx.platform, { address: ctx.address, id }))
      .returning(),
    audit.after,
    read.select({ hash: apiKeySecrets.hash }).from(apiKeySecrets).where(eq(apiKeySecrets.keyId, id)),
  ]);
  if (!row) throw await apiKeyMissing(ctx, id);
  await publishApiKey(
    ctx,
    secrets.map(({ hash }) => hash),
    undefined,
  );
}
