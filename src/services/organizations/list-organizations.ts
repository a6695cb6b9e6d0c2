import { asc } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { organizations } from "../../db/tables/platform.ts";
import { isWithinReach } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { type OrganizationDto, toOrganizationDto } from "./organization.ts";

/** Lists the administrator's organizations, in order of slug. */
export async function listOrganizations(
  ctx: ServiceContext,
  request: PageRequest,
): Promise<Page<OrganizationDto>> {
  const isSeen = isWithinReach(ctx, organizations.id);
  const { page, size } = request;
  const [rows, counts] = await ctx.platform.readBatch([
    db
      .select()
      .from(organizations)
      .where(isSeen)
      .orderBy(asc(organizations.slug))
      .limit(size)
      .offset(page * size),
    totalOf(organizations, isSeen),
  ]);
  return toPage(rows.map(toOrganizationDto), request, counts);
}
