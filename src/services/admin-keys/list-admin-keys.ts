import { asc } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { adminKeys } from "../../db/tables/administrators.ts";
import { isWithinReach } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { type AdminKeyDto, shownAdminKey, toAdminKeyDto } from "./admin-key.ts";

/** Lists the keys of the administrator's organizations, revoked ones too, in order of creation. */
export async function listAdminKeys(ctx: ServiceContext, request: PageRequest): Promise<Page<AdminKeyDto>> {
  const { page, size } = request;
  const isSeen = isWithinReach(ctx, adminKeys.organizationId);
  const [rows, counts] = await ctx.platform.readBatch([
    db
      .select(shownAdminKey)
      .from(adminKeys)
      .where(isSeen)
      .orderBy(asc(adminKeys.createdAt), asc(adminKeys.id))
      .limit(size)
      .offset(page * size),
    totalOf(adminKeys, isSeen),
  ]);
  return toPage(rows.map(toAdminKeyDto), request, counts);
}
