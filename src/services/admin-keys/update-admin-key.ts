import { and, eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { adminKeys } from "../../db/tables/administrators.ts";
import { isManaged } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { withoutUndefined } from "../without-undefined.ts";
import {
  type AdminKeyDto,
  adminKeyRefused,
  auditAdminKey,
  factsOfAdminKey,
  publishAdminKey,
  shownAdminKey,
  toAdminKeyDto,
  updateAdminKeySchema,
} from "./admin-key.ts";

export interface UpdateAdminKeyInput {
  readonly id: string;
  readonly body: unknown;
}

/** Changes the sent properties, from the next request on. Throws VALIDATION_ERROR, NOT_FOUND, FORBIDDEN. */
export async function updateAdminKey(
  ctx: ServiceContext,
  { id, body }: UpdateAdminKeyInput,
): Promise<AdminKeyDto> {
  const changes = withoutUndefined(parseInput(updateAdminKeySchema, body));
  const where = and(eq(adminKeys.id, id), isManaged(ctx, adminKeys, changes.role));
  const audit = auditAdminKey(ctx, { action: "admin-key.updated", id, where });
  const [, [row], , secrets] = await ctx.platform.writeBatch([
    audit.before,
    /* Always sets something, because SQL has no empty update. */
    db
      .update(adminKeys)
      .set({ id, ...changes })
      .where(where)
      .returning(shownAdminKey),
    audit.after,
    factsOfAdminKey(id),
  ]);
  if (!row) throw await adminKeyRefused(ctx, id);
  await publishAdminKey(ctx, secrets, row.revokedAt !== null);
  return toAdminKeyDto(row);
}
