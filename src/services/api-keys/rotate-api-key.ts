import { and, eq, gt, inArray, isNull, or, sql } from "drizzle-orm";
import { entityNamesOf } from "../../db/lookups.ts";
import { SqlFailure } from "../../db/sql-failure.ts";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import { sha256Hex } from "../../lib/hashing.ts";
import { newSecret } from "../../lib/ids.ts";
import { composeApiKey, keyPrefixOf } from "../../model/api-key.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import {
  type ApiKeyWithSecretDto,
  auditKey,
  isKeyOf,
  rotateApiKeySchema,
  toApiKeyDto,
  toApiKeyRecord,
} from "./api-key.ts";
import { apiKeyMissing } from "./api-key-missing.ts";
import { publishApiKey } from "./publish-api-key.ts";

export interface RotateApiKeyInput {
  readonly id: string;
  readonly body: unknown;
}

/**
 * A new secret for the same key; every older one ends with the grace period, or earlier if its own did.
 * Throws VALIDATION_ERROR, NOT_FOUND (revoked keys too), SERVICE_UNAVAILABLE: then the old secret still works.
 */
export async function rotateApiKey(
  ctx: WorkspaceContext,
  { id, body }: RotateApiKeyInput,
): Promise<ApiKeyWithSecretDto> {
  const { gracePeriodSeconds } = parseInput(rotateApiKeySchema, body);
  const key = composeApiKey(newSecret());
  const hash = await sha256Hex(key);
  const endOfGrace = new Date(ctx.now.getTime() + gracePeriodSeconds * 1000).toISOString();
  const { row, ended, names } = await replaceSecret(ctx, {
    id,
    hash,
    keyPrefix: keyPrefixOf(key),
    endOfGrace,
  });
  const record = toApiKeyRecord(row, ctx.address);
  await ctx.apiKeys.put(hash, record).catch(async (failure) => {
    await restoreSecrets(ctx, hash, ended);
    throw failure;
  });
  const oldHashes = ended.map((secret) => secret.hash);
  await publishApiKey(ctx, oldHashes, gracePeriodSeconds === 0 ? undefined : record);
  return { ...toApiKeyDto(row, names), key };
}

type Replacement = {
  readonly id: string;
  readonly hash: string;
  readonly keyPrefix: string;
  readonly endOfGrace: string;
};

async function replaceSecret(ctx: WorkspaceContext, { id, hash, keyPrefix, endOfGrace }: Replacement) {
  const { read, write } = ctx.platform;
  const isLiveKey = and(isKeyOf(ctx.platform, { address: ctx.address, id }), isNull(apiKeys.revokedAt));
  const liveKey = read.select({ id: apiKeys.id }).from(apiKeys).where(isLiveKey);
  const isLater = or(isNull(apiKeySecrets.validUntil), gt(apiKeySecrets.validUntil, endOfGrace));
  const later = and(inArray(apiKeySecrets.keyId, liveKey), isLater);
  try {
    const audit = auditKey(ctx, { action: "api-key.rotated", id });
    const [, [row], ended, , , , names] = await write.batch([
      audit.before,
      write
        .update(apiKeys)
        .set({ keyPrefix, version: sql`${apiKeys.version} + 1` })
        .where(isLiveKey)
        .returning(),
      read.select().from(apiKeySecrets).where(later),
      write.update(apiKeySecrets).set({ validUntil: endOfGrace }).where(later),
      write.insert(apiKeySecrets).values({ hash, keyId: sql`(${liveKey})` }),
      audit.after,
      entityNamesOf(ctx.platform, ctx.address),
    ]);
    if (!row) throw new Error("a rotated key returned no row");
    return { row, ended, names };
  } catch (failure) {
    if (failure instanceof SqlFailure && failure.isNotNull) throw await apiKeyMissing(ctx, id);
    throw failure;
  }
}

/** Takes a rotation back whose new secret could not be published: its holder would have no key that works. */
async function restoreSecrets(
  { platform: { write } }: WorkspaceContext,
  hash: string,
  ended: readonly (typeof apiKeySecrets.$inferSelect)[],
): Promise<void> {
  await write.batch([
    write.delete(apiKeySecrets).where(eq(apiKeySecrets.hash, hash)),
    ...ended.map((secret) =>
      write
        .update(apiKeySecrets)
        .set({ validUntil: secret.validUntil })
        .where(eq(apiKeySecrets.hash, secret.hash)),
    ),
  ]);
}
