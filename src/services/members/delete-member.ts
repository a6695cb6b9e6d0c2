import { db } from "../../db/platform.ts";
import { members } from "../../db/tables/administrators.ts";
import type { ServiceContext } from "../context.ts";
import { auditMember, isRemovable, memberRefused } from "./member.ts";

/** Removes a member's role, from the next request on. Throws NOT_FOUND, FORBIDDEN, WORKSPACE_STATUS. */
export async function deleteMember(ctx: ServiceContext, id: string): Promise<void> {
  const where = isRemovable(ctx, id);
  const [, rows] = await ctx.platform.writeBatch([
    auditMember(ctx, { action: "member.deleted", id, where }).before,
    db.delete(members).where(where).returning({ id: members.id }),
  ]);
  if (rows.length === 0) throw await memberRefused(ctx, id);
}
