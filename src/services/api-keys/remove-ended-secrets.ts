import { inArray, lte } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { adminKeySecrets } from "../../db/tables/administrators.ts";
import { apiKeySecrets } from "../../db/tables/platform.ts";
import type { ServiceContext } from "../context.ts";
import type { SecretTable } from "../secrets.ts";

/** Few enough for one run of a Worker. The next run removes the rest. */
const SECRETS_PER_RUN = 200;

/**
 * Removes secrets of API keys and admin keys whose grace period has ended, from KV first, so that a failure is retried
 * in the next run. Returns how many. Throws SERVICE_UNAVAILABLE.
 */
export async function removeEndedSecrets(ctx: ServiceContext): Promise<number> {
  const now = ctx.now.toISOString();
  const endedOf = (table: SecretTable) =>
    db.select({ hash: table.hash }).from(table).where(lte(table.validUntil, now)).limit(SECRETS_PER_RUN);
  const removalOf = (table: SecretTable, ended: readonly { hash: string }[]) =>
    db.delete(table).where(
      inArray(
        table.hash,
        ended.map(({ hash }) => hash),
      ),
    );
  const [ended, endedOfAdmins] = await ctx.platform.readBatch([
    endedOf(apiKeySecrets),
    endedOf(adminKeySecrets),
  ]);
  for (const { hash } of ended) await ctx.apiKeys.delete(hash);
  for (const { hash } of endedOfAdmins) await ctx.adminKeys.delete(hash);
  const count = ended.length + endedOfAdmins.length;
  if (count > 0)
    await ctx.platform.writeBatch([
      removalOf(apiKeySecrets, ended),
      removalOf(adminKeySecrets, endedOfAdmins),
    ]);
  return count;
}
