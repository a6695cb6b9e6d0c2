import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { scopedEntitiesOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import { composeApiKey } from "../../model/api-key.ts";
import type { WorkspaceContext } from "../context.ts";
import { rotationSchema } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import { endOfGrace, newKey, replaceSecret } from "../secrets.ts";
import { type ApiKeyWithSecretDto, auditKey, isKeyOf, toApiKeyDto, toApiKeyRecord } from "./api-key.ts";
import { apiKeyMissing } from "./api-key-missing.ts";
import { publishApiKey } from "./publish-api-key.ts";

export interface RotateApiKeyInput {
  readonly id: string;
  readonly body: unknown;
}

/**
 * Gives a key a new secret. Older secrets end with the grace period, or earlier if theirs did. Throws VALIDATION_ERROR,
 * NOT_FOUND (revoked keys too), SERVICE_UNAVAILABLE: then the old secret still works.
 */
export async function rotateApiKey(
  ctx: WorkspaceContext,
  { id, body }: RotateApiKeyInput,
): Promise<ApiKeyWithSecretDto> {
  const { gracePeriodSeconds } = parseInput(rotationSchema, body);
  const { key, hash, keyPrefix } = await newKey(composeApiKey);
  const replacement = { id, hash, keyPrefix, endOfGrace: endOfGrace(ctx.now, gracePeriodSeconds) };
  const replaced = await storeSecret(ctx, replacement);
  const record = toApiKeyRecord(replaced.row, ctx.address);
  const oldHashes = replaced.ended.map((secret) => secret.hash);
  await ctx.apiKeys.put(hash, record).catch(async (failure) => {
    await takeBack(ctx, replacement, replaced);
    await publishApiKey(ctx, oldHashes, record);
    throw failure;
  });
  await publishApiKey(ctx, oldHashes, gracePeriodSeconds === 0 ? undefined : record);
  return { ...toApiKeyDto(replaced.row, replaced.entities), key };
}

type Replacement = {
  readonly id: string;
  readonly hash: string;
  readonly keyPrefix: string;
  readonly endOfGrace: string;
};

type Replaced = Awaited<ReturnType<typeof storeSecret>>;

async function storeSecret(ctx: WorkspaceContext, { id, hash, keyPrefix, endOfGrace }: Replacement) {
  const isLiveKey = and(isKeyOf(ctx.address, id), isNull(apiKeys.revokedAt));
  const liveKey = db.select({ id: apiKeys.id }).from(apiKeys).where(isLiveKey);
  const { replaced, end, add } = replaceSecret(apiKeySecrets, { key: liveKey, hash, endOfGrace });
  const audit = auditKey(ctx, { action: "api-key.rotated", id });
  try {
    const [entities, [before], ended, , [row]] = await ctx.platform.writeBatch([
      scopedEntitiesOf(ctx.address),
      db.select({ keyPrefix: apiKeys.keyPrefix }).from(apiKeys).where(isLiveKey),
      replaced,
      audit.before,
      db
        .update(apiKeys)
        .set({ keyPrefix, version: sql`${apiKeys.version} + 1` })
        .where(isLiveKey)
        .returning(),
      end,
      add,
      audit.after,
    ]);
    if (!before || !row) throw new Error("a rotated key returned no row");
    return { before, row, ended, entities, audit };
  } catch (failure) {
    if (failure instanceof SqlFailure && failure.isNotNull) throw await apiKeyMissing(ctx, id);
    throw failure;
  }
}

/**
 * Undoes a rotation whose new secret could not be published, because its holder would have no working key. A later
 * rotation or deletion stays. Old secrets may have been removed by then.
 */
async function takeBack(
  { platform }: WorkspaceContext,
  { id, hash }: Replacement,
  { before, ended, audit }: Replaced,
): Promise<void> {
  const isCurrent = and(eq(apiKeySecrets.hash, hash), isNull(apiKeySecrets.validUntil));
  const current = db.select({ keyId: apiKeySecrets.keyId }).from(apiKeySecrets).where(isCurrent);
  await platform.writeBatch([
    db
      .update(apiKeys)
      .set(before)
      .where(and(eq(apiKeys.id, id), inArray(apiKeys.id, current))),
    ...ended.map(({ hash: old, validUntil }) => {
      const restored = sql`SELECT ${old}, ${apiKeySecrets.keyId}, ${validUntil} FROM ${apiKeySecrets} WHERE ${isCurrent}`;
      return db.run(
        sql`INSERT INTO ${apiKeySecrets} (hash, key_id, valid_until) ${restored}
          ON CONFLICT (hash) DO UPDATE SET valid_until = excluded.valid_until`,
      );
    }),
    db.delete(apiKeySecrets).where(eq(apiKeySecrets.hash, hash)),
    audit.undo,
  ]);
}
