import { and, eq, isNull } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { adminKeySecrets, adminKeys } from "../../db/tables/administrators.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import { composeAdminKey } from "../../model/admin-key.ts";
import { isManaged } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { rotationSchema } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import { endOfGrace, newKey, replaceSecret } from "../secrets.ts";
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
  const { key, hash, keyPrefix } = await newKey(composeAdminKey);
  const isLive = and(eq(adminKeys.id, id), isManaged(ctx, adminKeys), isNull(adminKeys.revokedAt));
  const liveKey = db.select({ id: adminKeys.id }).from(adminKeys).where(isLive);
  const { end, add } = replaceSecret(adminKeySecrets, {
    key: liveKey,
    hash,
    endOfGrace: endOfGrace(ctx.now, gracePeriodSeconds),
  });
  const audit = auditAdminKey(ctx, { action: "admin-key.rotated", id, where: isLive });
  try {
    const [, [row], , , , secrets] = await ctx.platform.writeBatch([
      audit.before,
      db.update(adminKeys).set({ keyPrefix }).where(isLive).returning(shownAdminKey),
      end,
      add,
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
