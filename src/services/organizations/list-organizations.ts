import { asc } from "drizzle-orm";
import { organizations } from "../../db/tables/platform.ts";
import type { ServiceContext } from "../context.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { type OrganizationDto, toOrganizationDto } from "./organization.ts";

/** In order of slug. */
export async function listOrganizations(
  { platform }: ServiceContext,
  request: PageRequest,
): Promise<Page<OrganizationDto>> {
  const { read } = platform;
  const { page, size } = request;
  const [rows, [count]] = await read.batch([
    read
      .select()
      .from(organizations)
      .orderBy(asc(organizations.slug))
      .limit(size)
      .offset(page * size),
    totalOf(platform, organizations),
  ]);
  return toPage(rows.map(toOrganizationDto), request, count?.total ?? 0);
}
