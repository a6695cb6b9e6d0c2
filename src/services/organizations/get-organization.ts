import { eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { organizations } from "../../db/tables/platform.ts";
import type { ServiceContext } from "../context.ts";
import { type OrganizationDto, theOrganization } from "./organization.ts";

/** Throws NOT_FOUND. */
export async function getOrganization({ platform }: ServiceContext, slug: string): Promise<OrganizationDto> {
  const [rows] = await platform.readBatch([
    db.select().from(organizations).where(eq(organizations.slug, slug)),
  ]);
  return theOrganization(rows, slug);
}
