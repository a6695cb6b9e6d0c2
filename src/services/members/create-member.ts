import { eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { members } from "../../db/tables/administrators.ts";
import { isGuardFailure } from "../../db/write-guard.ts";
import { notFound, uniqueViolation } from "../../errors/api-errors.ts";
import { newId } from "../../lib/ids.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import { organizationOfHolder, requireGrantable } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { auditMember, createMemberSchema, type MemberDto, shownMember } from "./member.ts";

/** Throws VALIDATION_ERROR, NOT_FOUND, FORBIDDEN, UNIQUE_CONSTRAINT_VIOLATION. */
export async function createMember(ctx: ServiceContext, body: unknown): Promise<MemberDto> {
  const { organization: slug, ...input } = parseInput(createMemberSchema, body);
  requireGrantable(ctx, { organization: slug, role: input.role });
  const organization = organizationOfHolder(slug);
  const id = newId("mem");
  const time = ctx.now.toISOString();
  const values = { ...input, id, organizationId: organization.id, createdAt: time, updatedAt: time };
  try {
    const [, [row]] = await ctx.platform.writeBatch([
      organization.check,
      db.insert(members).values(values).returning(shownMember),
      auditMember(ctx, { action: "member.created", id, where: eq(members.id, id) }).after,
    ]);
    if (!row) throw new Error("an insert returned no row");
    return row;
  } catch (failure) {
    if (!(failure instanceof SqlFailure)) throw failure;
    if (isGuardFailure(failure)) throw notFound("Organization", slug ?? "");
    if (failure.uniqueColumns) throw uniqueViolation([{ field: "email", value: input.email }]);
    throw failure;
  }
}
