import { and, eq, isNull } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { adminKeys } from "../../db/tables/administrators.ts";
import { isManaged } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { adminKeyRefused, auditAdminKey, factsOfAdminKey, publishAdminKey } from "./admin-key.ts";

/**
 * Revokes a key. After the response, the key is refused everywhere. Revoking twice is not an error. Throws NOT_FOUND,
 * FORBIDDEN.
 */
export async function revokeAdminKey(ctx: ServiceContext, id: string): Promise<void> {
  const where = and(eq(adminKeys.id, id), isManaged(ctx, adminKeys));
  const onlyIf = isNull(adminKeys.revokedAt);
  const audit = auditAdminKey(ctx, { action: "admin-key.revoked", id, where, onlyIf });
  const [, , , [key], secrets] = await ctx.platform.writeBatch([
    audit.before,
    db.update(adminKeys).set({ revokedAt: ctx.now.toISOString() }).where(and(where, onlyIf)),
    audit.after,
    db.select({ id: adminKeys.id }).from(adminKeys).where(where),
    factsOfAdminKey(id),
  ]);
  if (!key) throw await adminKeyRefused(ctx, id);
  await publishAdminKey(ctx, secrets, true);
}
