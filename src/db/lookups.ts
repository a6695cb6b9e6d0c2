import { and, eq, inArray, sql } from "drizzle-orm";
import type { EntityDefinition } from "../model/entity.ts";
import type { WorkspaceAddress } from "../model/workspace.ts";
import type { Platform } from "./platform.ts";
import { apiKeys, entities, organizations, workspaces } from "./tables/platform.ts";

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

/** Whether a text of scopes has rules that name fields, which only definitions can show. */
const RULES = ["filter", "check", "fields", "writableFields", "presets"];
const hasRules = sql.join(
  RULES.map((rule) => sql`instr(${apiKeys.scopes}, ${`"${rule}":`}) > 0`),
  sql` OR `,
);

export interface ScopedEntity extends EntityName {
  /** Null when no key of the workspace has rules. */
  readonly definition: EntityDefinition | null;
}

/** Entities of a workspace, to show the scopes of its keys by the names of now. */
export const scopedEntitiesOf = (platform: Platform, address: WorkspaceAddress) =>
  platform.read
    .select({
      id: entities.id,
      name: entities.name,
      definition: sql<EntityDefinition | null>`CASE WHEN EXISTS (
        SELECT 1 FROM ${apiKeys} WHERE ${apiKeys.workspaceId} = ${entities.workspaceId} AND (${hasRules})
      ) THEN ${entities.definition} END`.mapWith(parseDefinition),
    })
    .from(entities)
    .where(inArray(entities.workspaceId, workspaceIdOf(platform, address)));

const parseDefinition = (text: string): EntityDefinition => JSON.parse(text);
