import { asc, inArray } from "drizzle-orm";
import { organizationIdOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { workspaces } from "../../db/tables/platform.ts";
import { notFound } from "../../errors/api-errors.ts";
import type { ServiceContext } from "../context.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { toWorkspaceDto, type WorkspaceDto } from "./workspace.ts";

export interface ListWorkspacesInput extends PageRequest {
  readonly organization: string;
}

/** In order of slug. Throws NOT_FOUND. */
export async function listWorkspaces(
  { platform }: ServiceContext,
  input: ListWorkspacesInput,
): Promise<Page<WorkspaceDto>> {
  const { organization, page, size } = input;
  const isOfOrganization = inArray(workspaces.organizationId, organizationIdOf(organization));
  const [found, rows, counts] = await platform.readBatch([
    organizationIdOf(organization),
    db
      .select()
      .from(workspaces)
      .where(isOfOrganization)
      .orderBy(asc(workspaces.slug))
      .limit(size)
      .offset(page * size),
    totalOf(workspaces, isOfOrganization),
  ]);
  if (found.length === 0) throw notFound("Organization", organization);
  return toPage(rows.map(toWorkspaceDto), { page, size }, counts);
}
