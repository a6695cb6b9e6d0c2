import { members } from "../../db/tables/administrators.ts";
import type { ServiceContext } from "../context.ts";
import { auditMember, isRemovable, memberRefused } from "./member.ts";

/** Removes a member's role, from the next request on. Throws NOT_FOUND, FORBIDDEN, WORKSPACE_STATUS. */
export async function deleteMember(ctx: ServiceContext, id: string): Promise<void> {
  const { write } = ctx.platform;
  const where = isRemovable(ctx, id);
  const [, rows] = await write.batch([
    auditMember(ctx, { action: "member.deleted", id, where }).before,
    write.delete(members).where(where).returning({ id: members.id }),
  ]);
  if (rows.length === 0) throw await memberRefused(ctx, id);
}
