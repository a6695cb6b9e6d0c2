import { and, eq, inArray } from "drizzle-orm";
import type { WorkspaceAddress } from "../model/workspace.ts";
import type { Platform } from "./platform.ts";
import { entities, organizations, workspaces } from "./tables/platform.ts";

/* Sub-selects from slugs to ids, so that a statement needs no round trip before it. */

export const organizationIdOf = ({ read }: Platform, slug: string) =>
  read.select({ id: organizations.id }).from(organizations).where(eq(organizations.slug, slug));

export const workspaceIdOf = ({ read }: Platform, { organization, workspace }: WorkspaceAddress) =>
  read
    .select({ id: workspaces.id })
    .from(workspaces)
    .innerJoin(organizations, eq(organizations.id, workspaces.organizationId))
    .where(and(eq(organizations.slug, organization), eq(workspaces.slug, workspace)));

export interface EntityName {
  readonly id: string;
  readonly name: string;
}

/** Of all entities of a workspace: others hold ids, the API shows names. */
export const entityNamesOf = (platform: Platform, address: WorkspaceAddress) =>
  platform.read
    .select({ id: entities.id, name: entities.name })
    .from(entities)
    .where(inArray(entities.workspaceId, workspaceIdOf(platform, address)));
