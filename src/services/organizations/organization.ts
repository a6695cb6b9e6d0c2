import { eq } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { organizations } from "../../db/tables/platform.ts";
import { notFound } from "../../errors/api-errors.ts";
import type { ServiceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { displayNameSchema, slugSchema, timeSchema } from "../field-schemas.ts";

export const organizationSchema = z.strictObject({
  slug: z.string(),
  name: z.string(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
export type OrganizationDto = Dto<typeof organizationSchema>;

export const createOrganizationSchema = z.strictObject({ slug: slugSchema, name: displayNameSchema });
export const updateOrganizationSchema = z.strictObject({ name: displayNameSchema.optional() });

/** The audit entry for a change of an organization. */
export const auditOrganization = (ctx: ServiceContext, action: string, slug: string) =>
  auditChange(
    ctx,
    { action, subject: slug, workspaceId: null, organizationId: organizations.id },
    {
      table: organizations,
      columns: columnsWithout(organizations, ["id"]),
      where: eq(organizations.slug, slug),
    },
  );

export function toOrganizationDto({
  slug,
  name,
  createdAt,
  updatedAt,
}: typeof organizations.$inferSelect): OrganizationDto {
  return { slug, name, createdAt, updatedAt };
}

/** Finds an organization by slug. Throws NOT_FOUND. */
export function theOrganization(
  rows: readonly (typeof organizations.$inferSelect)[],
  slug: string,
): OrganizationDto {
  const [row] = rows;
  if (!row) throw notFound("Organization", slug);
  return toOrganizationDto(row);
}
