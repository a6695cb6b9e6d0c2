import { and, eq, ne, or, type SQL, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { db } from "../../db/platform.ts";
import { members } from "../../db/tables/administrators.ts";
import { organizations } from "../../db/tables/platform.ts";
import { lastOwner, notFound, roleNotAllowed } from "../../errors/api-errors.ts";
import { ADMIN_ROLES, type AdminRole } from "../../model/admin-role.ts";
import { isManaged, isWithinReach } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { timeSchema } from "../field-schemas.ts";

export const memberSchema = z.strictObject({
  id: z.string(),
  email: z.string(),
  /** Null for all organizations. */
  organization: z.string().nullable(),
  role: z.enum(ADMIN_ROLES),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
export type MemberDto = Dto<typeof memberSchema>;

const MAX_EMAIL_LENGTH = 254;

export const createMemberSchema = z.strictObject({
  /** As the identity provider has it, ignoring case. */
  email: z.email("must be a valid email address").max(MAX_EMAIL_LENGTH).toLowerCase(),
  /** Null for all organizations. */
  organization: z.string().nullable(),
  role: z.enum(ADMIN_ROLES),
});

export const updateMemberSchema = z.strictObject({ role: z.enum(ADMIN_ROLES) });

/** Columns of a member with the slug of its organization, for a select or a `returning`. */
export const shownMember = {
  id: members.id,
  email: members.email,
  organization: sql<string | null>`(SELECT slug FROM ${organizations} WHERE id = ${members.organizationId})`,
  role: members.role,
  createdAt: members.createdAt,
  updatedAt: members.updatedAt,
};

interface MemberChange {
  readonly action: string;
  readonly id: string;
  /** Selects the changed member. */
  readonly where: SQL | undefined;
}

/** The audit entry for a change of a member. */
export const auditMember = (ctx: ServiceContext, { action, id, where }: MemberChange) =>
  auditChange(
    ctx,
    { action, subject: id, workspaceId: null, organizationId: members.organizationId },
    { table: members, columns: columnsWithout(members, ["organizationId"]), where },
  );

/** The condition that an organization, or all of them together, have another OWNER. */
const hasOtherOwner = sql`EXISTS (SELECT 1 FROM members other WHERE other.role = 'OWNER' AND other.id <> members.id
  AND other.organization_id IS members.organization_id)`;

/** The member, if the administrator manages it, and it is not the last OWNER about to lose the role. */
export function isRemovable(ctx: ServiceContext, id: string, newRole?: AdminRole): SQL | undefined {
  const isKept = newRole === "OWNER" ? undefined : or(ne(members.role, "OWNER"), hasOtherOwner);
  return and(eq(members.id, id), isManaged(ctx, members, newRole), isKept);
}

/**
 * Why a member was not changed: it is not visible, it has more rights than the administrator, or it is the last OWNER.
 */
export async function memberRefused(ctx: ServiceContext, id: string, newRole?: AdminRole) {
  const select = (condition: SQL | undefined) =>
    db
      .select({ id: members.id })
      .from(members)
      .where(and(eq(members.id, id), condition));
  const [seen, managed] = await ctx.platform.readBatch([
    select(isWithinReach(ctx, members.organizationId)),
    select(isManaged(ctx, members, newRole)),
  ]);
  if (seen.length === 0) return notFound("Member", id);
  return managed.length === 0 ? roleNotAllowed() : lastOwner();
}
