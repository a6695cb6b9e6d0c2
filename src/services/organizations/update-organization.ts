import { eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { organizations } from "../../db/tables/platform.ts";
import type { ServiceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import {
  auditOrganization,
  type OrganizationDto,
  theOrganization,
  updateOrganizationSchema,
} from "./organization.ts";

export interface UpdateOrganizationInput {
  readonly organization: string;
  readonly body: unknown;
}

/** Changes the sent properties. Throws VALIDATION_ERROR, NOT_FOUND. */
export async function updateOrganization(
  ctx: ServiceContext,
  input: UpdateOrganizationInput,
): Promise<OrganizationDto> {
  const { name } = parseInput(updateOrganizationSchema, input.body);
  const updatedAt = ctx.now.toISOString();
  const audit = auditOrganization(ctx, "organization.updated", input.organization);
  const [, rows] = await ctx.platform.writeBatch([
    audit.before,
    db
      .update(organizations)
      .set({ updatedAt, ...(name !== undefined && { name }) })
      .where(eq(organizations.slug, input.organization))
      .returning(),
    audit.after,
  ]);
  return theOrganization(rows, input.organization);
}
