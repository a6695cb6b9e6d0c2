import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { EntityDefinition } from "../model/entity.ts";
import type { WorkspaceAddress } from "../model/workspace.ts";
import { db } from "./platform.ts";
import { apiKeys, entities, organizations, workspaces } from "./tables/platform.ts";
import { webhooks } from "./tables/webhooks.ts";

/* Sub-selects from slugs to ids, so that a statement needs no round trip before it. */

export const organizationIdOf = (slug: string) =>
  db.select({ id: organizations.id }).from(organizations).where(eq(organizations.slug, slug));

export const workspaceIdOf = ({ organization, workspace }: WorkspaceAddress) =>
  db
    .select({ id: workspaces.id })
    .from(workspaces)
    .innerJoin(organizations, eq(organizations.id, workspaces.organizationId))
    .where(and(eq(organizations.slug, organization), eq(workspaces.slug, workspace)));

interface EntityName {
  readonly id: string;
  readonly name: string;
}

/** Whether scopes, as stored text, have rules with ids of fields. Only definitions have the names of these fields. */
const RULES = ["filter", "check", "fields", "writableFields", "presets"];
const hasRules = sql.join(
  RULES.map((rule) => sql`instr(${apiKeys.scopes}, ${`"${rule}":`}) > 0`),
  sql` OR `,
);

/** An entity with its current name. Scopes and webhooks store its id. */
export interface NamedEntity extends EntityName {
  /** Null if nothing names its fields. */
  readonly definition: EntityDefinition | null;
}

/** All entities of a workspace, with definitions if something in the workspace names fields. */
const namedEntitiesOf = (address: WorkspaceAddress, namesFields: SQL) =>
  db
    .select({
      id: entities.id,
      name: entities.name,
      definition:
        sql<EntityDefinition | null>`CASE WHEN EXISTS (${namesFields}) THEN ${entities.definition} END`.mapWith(
          parseDefinition,
        ),
    })
    .from(entities)
    .where(inArray(entities.workspaceId, workspaceIdOf(address)));

/** The entities of a workspace, to show the scopes of its keys. */
export const scopedEntitiesOf = (address: WorkspaceAddress) =>
  namedEntitiesOf(
    address,
    sql`SELECT 1 FROM ${apiKeys} WHERE ${apiKeys.workspaceId} = ${entities.workspaceId} AND (${hasRules})`,
  );

/** The entities of a workspace, to show its webhooks. */
export const webhookEntitiesOf = (address: WorkspaceAddress) =>
  namedEntitiesOf(
    address,
    sql`SELECT 1 FROM ${webhooks} WHERE ${webhooks.workspaceId} = ${entities.workspaceId}
      AND (${webhooks.filter} IS NOT NULL OR ${webhooks.expand} IS NOT NULL)`,
  );

const parseDefinition = (text: string): EntityDefinition => JSON.parse(text);
