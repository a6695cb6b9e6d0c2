import { db } from "../../db/platform.ts";
import { members } from "../../db/tables/administrators.ts";
import type { ServiceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import {
  auditMember,
  isRemovable,
  type MemberDto,
  memberRefused,
  shownMember,
  updateMemberSchema,
} from "./member.ts";

export interface UpdateMemberInput {
  readonly id: string;
  readonly body: unknown;
}

/**
 * Gives a member another role, from the next request on. Throws VALIDATION_ERROR, NOT_FOUND, FORBIDDEN,
 * WORKSPACE_STATUS.
 */
export async function updateMember(ctx: ServiceContext, { id, body }: UpdateMemberInput): Promise<MemberDto> {
  const { role } = parseInput(updateMemberSchema, body);
  const where = isRemovable(ctx, id, role);
  const audit = auditMember(ctx, { action: "member.updated", id, where });
  const [, [row]] = await ctx.platform.writeBatch([
    audit.before,
    db.update(members).set({ role, updatedAt: ctx.now.toISOString() }).where(where).returning(shownMember),
    audit.after,
  ]);
  if (!row) throw await memberRefused(ctx, id, role);
  return row;
}
