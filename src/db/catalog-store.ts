import { and, asc, eq, sql } from "drizzle-orm";
import { LruMap } from "../lib/lru-map.ts";
import { buildCatalog, type Catalog } from "../model/catalog.ts";
import type { EntityDefinition } from "../model/entity.ts";
import type { Workspace, WorkspaceAddress, WorkspaceView } from "../model/workspace.ts";
import type { Platform } from "./platform.ts";
import { deployments, entities, organizations, workspaces } from "./tables/platform.ts";
import { webhooks } from "./tables/webhooks.ts";

/** Catalogs cached by one isolate. They may be stale; the fence of each request finds out. */
const VIEWS_PER_ISOLATE = 200;
const views = new LruMap<string, WorkspaceView>(VIEWS_PER_ISOLATE);

const keyOf = ({ organization, workspace }: WorkspaceAddress) => `${organization}/${workspace}`;

export function forgetWorkspaceView(address: WorkspaceAddress): void {
  views.delete(keyOf(address));
}

/** The cached view; undefined if it is not cached. */
export const rememberedView = (address: WorkspaceAddress): WorkspaceView | undefined =>
  views.get(keyOf(address));

/** Returns the cached view, or loads it in one round trip. Undefined if the workspace does not exist. */
export async function findWorkspaceView(
  platform: Platform,
  address: WorkspaceAddress,
): Promise<WorkspaceView | undefined> {
  const known = rememberedView(address);
  if (known) return known;
  const view = await loadWorkspaceView(platform, address);
  if (view) views.set(keyOf(address), view);
  return view;
}

async function loadWorkspaceView(
  { read }: Platform,
  { organization, workspace }: WorkspaceAddress,
): Promise<WorkspaceView | undefined> {
  const isAddressed = and(eq(organizations.slug, organization), eq(workspaces.slug, workspace));
  const [found, stored, listening] = await read.batch([
    read
      .select({ row: workspaces, deployment: sql<string>`(SELECT ${deployments.id} FROM ${deployments})` })
      .from(workspaces)
      .innerJoin(organizations, eq(organizations.id, workspaces.organizationId))
      .where(isAddressed),
    read
      .select({ definition: entities.definition })
      .from(entities)
      .innerJoin(workspaces, eq(workspaces.id, entities.workspaceId))
      .innerJoin(organizations, eq(organizations.id, workspaces.organizationId))
      .where(isAddressed)
      .orderBy(asc(entities.position)),
    read
      .select({
        id: webhooks.id,
        enabled: webhooks.enabled,
        events: webhooks.events,
        entities: webhooks.entities,
        filter: webhooks.filter,
        expand: webhooks.expand,
      })
      .from(webhooks)
      .innerJoin(workspaces, eq(workspaces.id, webhooks.workspaceId))
      .innerJoin(organizations, eq(organizations.id, workspaces.organizationId))
      .where(isAddressed)
      .orderBy(asc(webhooks.createdAt), asc(webhooks.id)),
  ]);
  const [first] = found;
  if (!first) return undefined;
  const { row, deployment } = first;
  const definitions = stored.map(({ definition }) => definition);
  const view = toWorkspace(row, organization);
  return { workspace: view, catalog: catalogOf(view, definitions), webhooks: listening, deployment };
}

function catalogOf(workspace: Workspace, definitions: readonly EntityDefinition[]): Catalog {
  const { id: workspaceId, organization, slug, schemaVersion, maxExpandDepth } = workspace;
  return buildCatalog({
    workspaceId,
    organization,
    workspace: slug,
    schemaVersion,
    maxExpandDepth,
    definitions,
  });
}

function toWorkspace(row: typeof workspaces.$inferSelect, organization: string): Workspace {
  const { organizationId: _, migrationToken: _token, migratingUntil: _until, ...columns } = row;
  return { ...columns, organization };
}
