import { and, asc, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import { LruMap } from "../lib/lru-map.ts";
import { buildCatalog, type Catalog } from "../model/catalog.ts";
import type { EntityDefinition } from "../model/entity.ts";
import type { Workspace, WorkspaceAddress, WorkspaceView } from "../model/workspace.ts";
import { workspaceIdOf } from "./lookups.ts";
import { db, type Platform } from "./platform.ts";
import { deployments, entities, workspaces } from "./tables/platform.ts";
import { issuers, roles } from "./tables/users.ts";
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

/** The current view. One round trip if it is the known one. Undefined if the workspace was deleted. */
export async function findCurrentView(
  platform: Platform,
  known: WorkspaceView,
): Promise<WorkspaceView | undefined> {
  const { id, revision, organization, slug: workspace } = known.workspace;
  const isCurrent = and(eq(workspaces.id, id), eq(workspaces.revision, revision));
  const [current] = await platform.readBatch([
    db.select({ id: workspaces.id }).from(workspaces).where(isCurrent),
  ]);
  if (current.length > 0) return known;
  forgetWorkspaceView({ organization, workspace });
  return findWorkspaceView(platform, { organization, workspace });
}

const { workspaceId: _ofIssuer, ...issuerColumns } = getTableColumns(issuers);
const { workspaceId: _ofRole, ...roleColumns } = getTableColumns(roles);

async function loadWorkspaceView(
  platform: Platform,
  address: WorkspaceAddress,
): Promise<WorkspaceView | undefined> {
  const id = workspaceIdOf(address);
  const [found, stored, listening, trusted, given] = await platform.readBatch([
    db
      .select({ row: workspaces, deployment: sql<string>`(SELECT ${deployments.id} FROM ${deployments})` })
      .from(workspaces)
      .where(inArray(workspaces.id, id)),
    db
      .select({ definition: entities.definition })
      .from(entities)
      .where(inArray(entities.workspaceId, id))
      .orderBy(asc(entities.position)),
    db
      .select({
        id: webhooks.id,
        enabled: webhooks.enabled,
        events: webhooks.events,
        entities: webhooks.entities,
        filter: webhooks.filter,
        expand: webhooks.expand,
      })
      .from(webhooks)
      .where(inArray(webhooks.workspaceId, id))
      .orderBy(asc(webhooks.createdAt), asc(webhooks.id)),
    db.select(issuerColumns).from(issuers).where(inArray(issuers.workspaceId, id)).orderBy(asc(issuers.name)),
    db.select(roleColumns).from(roles).where(inArray(roles.workspaceId, id)).orderBy(asc(roles.name)),
  ]);
  const [first] = found;
  if (!first) return undefined;
  const { row, deployment } = first;
  const definitions = stored.map(({ definition }) => definition);
  const view = toWorkspace(row, address.organization);
  const users = { issuers: trusted, roles: given };
  return {
    workspace: view,
    catalog: catalogOf(view, definitions),
    webhooks: listening,
    ...users,
    deployment,
  };
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
