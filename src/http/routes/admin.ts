import { badRequest } from "../../errors/failures.ts";
import { parseFlag } from "../../query/parse/parse-flag.ts";
import { createApiKey } from "../../services/api-keys/create-api-key.ts";
import { getApiKey } from "../../services/api-keys/get-api-key.ts";
import { listApiKeys } from "../../services/api-keys/list-api-keys.ts";
import { revokeApiKey } from "../../services/api-keys/revoke-api-key.ts";
import { rotateApiKey } from "../../services/api-keys/rotate-api-key.ts";
import { syncApiKeys } from "../../services/api-keys/sync-api-keys.ts";
import { updateApiKey } from "../../services/api-keys/update-api-key.ts";
import { listAudit } from "../../services/audit/list-audit.ts";
import { addColumn, deleteColumn, updateColumn } from "../../services/entities/change-column.ts";
import { createEntity } from "../../services/entities/create-entity.ts";
import { deleteEntity } from "../../services/entities/delete-entity.ts";
import { getEntity } from "../../services/entities/get-entity.ts";
import { listEntities } from "../../services/entities/list-entities.ts";
import { listSchemaChanges } from "../../services/entities/list-schema-changes.ts";
import { getSchema, putSchema } from "../../services/entities/schema-document.ts";
import { updateEntity } from "../../services/entities/update-entity.ts";
import { createOrganization } from "../../services/organizations/create-organization.ts";
import { deleteOrganization } from "../../services/organizations/delete-organization.ts";
import { getOrganization } from "../../services/organizations/get-organization.ts";
import { listOrganizations } from "../../services/organizations/list-organizations.ts";
import { updateOrganization } from "../../services/organizations/update-organization.ts";
import type { Page, PageRequest } from "../../services/page.ts";
import { createWorkspace } from "../../services/workspaces/create-workspace.ts";
import { deleteWorkspace } from "../../services/workspaces/delete-workspace.ts";
import { getUsage } from "../../services/workspaces/get-usage.ts";
import { getWorkspace } from "../../services/workspaces/get-workspace.ts";
import { listWorkspaces } from "../../services/workspaces/list-workspaces.ts";
import { updateWorkspace } from "../../services/workspaces/update-workspace.ts";
import { authenticateAdmin } from "../authenticate.ts";
import { type AppContext, pathParameter, workspaceContext } from "../context.ts";
import { etagOf, isMatching } from "../entity-tags.ts";
import { onlyParameters, pageOf, pageRequestOf } from "../query-parameters.ts";
import { readJsonObject, readOptionalJsonObject } from "../read-body.ts";
import { type Handler, type Handlers, resourcesOf } from "../resource.ts";
import { respond, respondJson } from "../respond.ts";

const ORGANIZATION = "/organizations/:organization";
export const WORKSPACE = `${ORGANIZATION}/workspaces/:workspace`;

const organizations: Handlers = {
  GET: page((c, request) => listOrganizations(c.get("services"), request)),
  POST: created(async (c) => createOrganization(c.get("services"), await bodyOf(c))),
};

const organization: Handlers = {
  GET: one((c) => getOrganization(c.get("services"), organizationOf(c))),
  PATCH: one(async (c) => {
    return updateOrganization(c.get("services"), { organization: organizationOf(c), body: await bodyOf(c) });
  }),
  DELETE: none([], (c) => deleteOrganization(c.get("services"), organizationOf(c))),
};

const workspaces: Handlers = {
  GET: page((c, request) =>
    listWorkspaces(c.get("services"), { organization: organizationOf(c), ...request }),
  ),
  POST: created(async (c) => {
    return createWorkspace(c.get("services"), { organization: organizationOf(c), body: await bodyOf(c) });
  }),
};

const workspace: Handlers = {
  GET: one((c) => getWorkspace(workspaceContext(c))),
  PATCH: one(async (c) => updateWorkspace(workspaceContext(c), await bodyOf(c))),
  DELETE: none(["confirm"], (c, query) => deleteWorkspace(workspaceContext(c), query.get("confirm"))),
};

const apiKeys: Handlers = {
  GET: page((c, request) => listApiKeys(workspaceContext(c), request)),
  POST: created(async (c) => createApiKey(workspaceContext(c), await bodyOf(c))),
};

const apiKey: Handlers = {
  GET: one((c) => getApiKey(workspaceContext(c), idOf(c))),
  PATCH: one(async (c) => updateApiKey(workspaceContext(c), { id: idOf(c), body: await bodyOf(c) })),
  DELETE: none([], (c) => revokeApiKey(workspaceContext(c), idOf(c))),
};

const rotation: Handlers = {
  POST: one(async (c) => {
    const body = (await readOptionalJsonObject(c))();
    return rotateApiKey(workspaceContext(c), { id: idOf(c), body });
  }),
};

const synchronization: Handlers = { POST: one((c) => syncApiKeys(workspaceContext(c))) };

const entities: Handlers = {
  GET: page((c, request) => listEntities(workspaceContext(c), request)),
  POST: created(async (c) => createEntity(workspaceContext(c), await readJsonObject(c))),
};

const entity: Handlers = {
  GET: one((c) => getEntity(workspaceContext(c), entityOf(c))),
  PATCH: one(async (c) => {
    return updateEntity(workspaceContext(c), { entity: entityOf(c), body: await readJsonObject(c) });
  }),
  DELETE: none(["confirm"], (c, query) => {
    return deleteEntity(workspaceContext(c), { entity: entityOf(c), confirm: query.get("confirm") });
  }),
};

const columns: Handlers = {
  POST: created(async (c) => {
    return addColumn(workspaceContext(c), { entity: entityOf(c), body: await readJsonObject(c) });
  }),
};

const column: Handlers = {
  PATCH: one(async (c) => {
    return updateColumn(workspaceContext(c), { ...columnOf(c), body: await readJsonObject(c) });
  }),
  DELETE: none(["confirm"], (c, query) => {
    return deleteColumn(workspaceContext(c), { ...columnOf(c), confirm: query.get("confirm") });
  }),
};

const schema: Handlers = {
  async GET(c) {
    onlyParameters(c, []);
    const data = await getSchema(workspaceContext(c));
    return respondJson(c, { data }, { headers: { ETag: etagOf({ tag: String(data.version) }) } });
  },
  async PUT(c) {
    const query = onlyParameters(c, ["dryRun", "allow"]);
    const data = await putSchema(workspaceContext(c), {
      body: await readJsonObject(c),
      isDryRun: parseFlag(query, "dryRun"),
      allowsLoss: allowsLoss(query),
      isExpected: (version) => isMatching(c, { tag: String(version) }),
    });
    return respondJson(c, { data }, { headers: { ETag: etagOf({ tag: String(data.version) }) } });
  },
};

const schemaChanges: Handlers = {
  GET: page((c, request) => listSchemaChanges(workspaceContext(c), request)),
};

const usage: Handlers = { GET: one((c) => getUsage(workspaceContext(c))) };

const audit: Handlers = {
  async GET(c) {
    const query = onlyParameters(c, ["page", "size", "action", "subject", "from", "to"]);
    const [action, subject, from, to] = ["action", "subject", "from", "to"].map((name) => query.get(name));
    const filter = { action: action ?? null, subject: subject ?? null, from: from ?? null, to: to ?? null };
    return respondJson(c, await listAudit(workspaceContext(c), { ...pageOf(query), ...filter }));
  },
};

export const adminResources = resourcesOf(authenticateAdmin, "/admin/v1", {
  "/organizations": organizations,
  [ORGANIZATION]: organization,
  [`${ORGANIZATION}/workspaces`]: workspaces,
  [WORKSPACE]: workspace,
  [`${WORKSPACE}/api-keys`]: apiKeys,
  [`${WORKSPACE}/api-keys/sync`]: synchronization,
  [`${WORKSPACE}/api-keys/:id`]: apiKey,
  [`${WORKSPACE}/api-keys/:id/rotate`]: rotation,
  [`${WORKSPACE}/entities`]: entities,
  [`${WORKSPACE}/entities/:entity`]: entity,
  [`${WORKSPACE}/entities/:entity/columns`]: columns,
  [`${WORKSPACE}/entities/:entity/columns/:column`]: column,
  [`${WORKSPACE}/usage`]: usage,
  [`${WORKSPACE}/audit`]: audit,
  [`${WORKSPACE}/schema`]: schema,
  [`${WORKSPACE}/schema/changes`]: schemaChanges,
});

/* What a handler answers; each refuses query parameters that it does not know. */

export function one(work: (c: AppContext) => Promise<unknown>): Handler {
  return async (c) => {
    onlyParameters(c, []);
    return respondJson(c, { data: await work(c) });
  };
}

export function created(work: (c: AppContext) => Promise<unknown>): Handler {
  return async (c) => {
    onlyParameters(c, []);
    return respondJson(c, { data: await work(c) }, { status: 201 });
  };
}

export function page(work: (c: AppContext, request: PageRequest) => Promise<Page<unknown>>): Handler {
  return async (c) => respondJson(c, await work(c, pageRequestOf(c)));
}

export function none(
  known: readonly string[],
  work: (c: AppContext, query: URLSearchParams) => Promise<void>,
): Handler {
  return async (c) => {
    await work(c, onlyParameters(c, known));
    return respond(c, null, { status: 204 });
  };
}

const organizationOf = (c: AppContext) => pathParameter(c, "organization");
const entityOf = (c: AppContext) => pathParameter(c, "entity");
/** Throws BAD_REQUEST for any other `allow` than `lossy`. */
function allowsLoss(query: URLSearchParams): boolean {
  const allow = query.get("allow");
  if (allow === null || allow === "lossy") return allow !== null;
  throw badRequest(`Invalid allow '${allow}' — only 'lossy' can be allowed`);
}

const columnOf = (c: AppContext) => ({ entity: entityOf(c), column: pathParameter(c, "column") });
export const idOf = (c: AppContext) => pathParameter(c, "id");
export const bodyOf = async (c: AppContext) => (await readJsonObject(c))();
