import { asc } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { members } from "../../db/tables/administrators.ts";
import { isWithinReach } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { type MemberDto, shownMember } from "./member.ts";

/** Lists the members of the administrator's organizations, in order of email. */
export async function listMembers(ctx: ServiceContext, request: PageRequest): Promise<Page<MemberDto>> {
  const { page, size } = request;
  const isSeen = isWithinReach(ctx, members.organizationId);
  const [rows, counts] = await ctx.platform.readBatch([
    db
      .select(shownMember)
      .from(members)
      .where(isSeen)
      .orderBy(asc(members.email), asc(members.id))
      .limit(size)
      .offset(page * size),
    totalOf(members, isSeen),
  ]);
  return toPage(rows, request, counts);
}
