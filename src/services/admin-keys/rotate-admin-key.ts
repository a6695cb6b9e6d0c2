import { and, eq, gt, inArray, isNull, or, sql } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { adminKeySecrets, adminKeys } from "../../db/tables/administrators.ts";
import { sha256Hex } from "../../lib/hashing.ts";
import { newSecret } from "../../lib/ids.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import { composeAdminKey } from "../../model/admin-key.ts";
import { keyPrefixOf } from "../../model/api-key.ts";
import { isManaged } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { rotationSchema } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import {
  type AdminKeyWithSecretDto,
  adminKeyRefused,
  auditAdminKey,
  factsOfAdminKey,
  publishAdminKey,
  shownAdminKey,
  toAdminKeyDto,
} from "./admin-key.ts";

export interface RotateAdminKeyInput {
  readonly id: string;
  readonly body: unknown;
}

/**
 * Gives a key a new secret. Older secrets end with the grace period, or earlier if theirs did. Throws VALIDATION_ERROR,
 * NOT_FOUND, FORBIDDEN (revoked keys too).
 */
export async function rotateAdminKey(
  ctx: ServiceContext,
  { id, body }: RotateAdminKeyInput,
): Promise<AdminKeyWithSecretDto> {
  const { gracePeriodSeconds } = parseInput(rotationSchema, body);
  const key = composeAdminKey(newSecret());
  const hash = await sha256Hex(key);
  const endOfGrace = new Date(ctx.now.getTime() + gracePeriodSeconds * 1000).toISOString();
  const isLive = and(eq(adminKeys.id, id), isManaged(ctx, adminKeys), isNull(adminKeys.revokedAt));
  const liveKey = db.select({ id: adminKeys.id }).from(adminKeys).where(isLive);
  const isLater = or(isNull(adminKeySecrets.validUntil), gt(adminKeySecrets.validUntil, endOfGrace));
  const audit = auditAdminKey(ctx, { action: "admin-key.rotated", id, where: isLive });
  try {
    const [, [row], , , , secrets] = await ctx.platform.writeBatch([
      audit.before,
      db
        .update(adminKeys)
        .set({ keyPrefix: keyPrefixOf(key) })
        .where(isLive)
        .returning(shownAdminKey),
      db
        .update(adminKeySecrets)
        .set({ validUntil: endOfGrace })
        .where(and(inArray(adminKeySecrets.keyId, liveKey), isLater)),
      db.insert(adminKeySecrets).values({ hash, keyId: sql`(${liveKey})` }),
      audit.after,
      factsOfAdminKey(id),
    ]);
    if (!row) throw new Error("a rotated key returned no row");
    await publishAdminKey(ctx, secrets);
    return { ...toAdminKeyDto(row), key };
  } catch (failure) {
    if (failure instanceof SqlFailure && failure.isNotNull) throw await adminKeyRefused(ctx, id);
    throw failure;
  }
}
