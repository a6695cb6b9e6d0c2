import { and, eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { adminKeys } from "../../db/tables/administrators.ts";
import { notFound } from "../../errors/api-errors.ts";
import { isWithinReach } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { type AdminKeyDto, shownAdminKey, toAdminKeyDto } from "./admin-key.ts";

/** Throws NOT_FOUND. */
export async function getAdminKey(ctx: ServiceContext, id: string): Promise<AdminKeyDto> {
  const isSeen = and(eq(adminKeys.id, id), isWithinReach(ctx, adminKeys.organizationId));
  const [[row]] = await ctx.platform.readBatch([db.select(shownAdminKey).from(adminKeys).where(isSeen)]);
  if (!row) throw notFound("Admin key", id);
  return toAdminKeyDto(row);
}
