import { and, eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { members } from "../../db/tables/administrators.ts";
import { notFound } from "../../errors/api-errors.ts";
import { isWithinReach } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { type MemberDto, shownMember } from "./member.ts";

/** Throws NOT_FOUND. */
export async function getMember(ctx: ServiceContext, id: string): Promise<MemberDto> {
  const isSeen = and(eq(members.id, id), isWithinReach(ctx, members.organizationId));
  const [[row]] = await ctx.platform.readBatch([db.select(shownMember).from(members).where(isSeen)]);
  if (!row) throw notFound("Member", id);
  return row;
}
