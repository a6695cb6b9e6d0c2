import type { Hono } from "hono";
import type { VersionedRecord } from "../../query/sql/shape-record.ts";
import { createRecord } from "../../services/records/create-record.ts";
import { deleteRecord } from "../../services/records/delete-record.ts";
import { getRecord } from "../../services/records/get-record.ts";
import { listRecords } from "../../services/records/list-records.ts";
import { updateRecord } from "../../services/records/update-record.ts";
import { describeWorkspace } from "../../services/workspaces/describe-workspace.ts";
import { type AppContext, type AppEnv, pathParameter, workspaceContext } from "../context.ts";
import { authenticateApiKey } from "../middleware/authenticate.ts";
import { onlyParameters, queryOf } from "../query-parameters.ts";
import { readJsonObject } from "../read-body.ts";
import { mountResource } from "../resource.ts";

const WORKSPACE = "/api/v1/:organization/:workspace";

export function mountRecords(app: Hono<AppEnv>): void {
  mountResource(app, { path: WORKSPACE, guard: authenticateApiKey, handlers: { GET: describe } });
  mountResource(app, {
    path: `${WORKSPACE}/:entity`,
    guard: authenticateApiKey,
    handlers: { GET: list, POST: create },
  });
  mountResource(app, {
    path: `${WORKSPACE}/:entity/:id`,
    guard: authenticateApiKey,
    handlers: { GET: get, PUT: update, PATCH: update, DELETE: remove },
  });
}

async function describe(c: AppContext) {
  onlyParameters(c, []);
  return c.json({ data: await describeWorkspace(workspaceContext(c)) });
}

async function list(c: AppContext) {
  return c.json(
    await listRecords(workspaceContext(c), { entity: pathParameter(c, "entity"), query: queryOf(c) }),
  );
}

async function create(c: AppContext) {
  const body = await readJsonObject(c);
  const created = await createRecord(workspaceContext(c), { entity: pathParameter(c, "entity"), body });
  const path = new URL(c.req.url).pathname;
  return recordResponse(c, created, { status: 201, headers: { Location: `${path}/${created.record.id}` } });
}

async function get(c: AppContext) {
  return recordResponse(c, await getRecord(workspaceContext(c), addressOf(c)));
}

async function update(c: AppContext) {
  const body = await readJsonObject(c);
  return recordResponse(c, await updateRecord(workspaceContext(c), { ...addressOf(c), body }));
}

async function remove(c: AppContext) {
  await deleteRecord(workspaceContext(c), addressOf(c));
  return c.body(null, 204);
}

const addressOf = (c: AppContext) => ({ entity: pathParameter(c, "entity"), id: pathParameter(c, "id") });

interface RecordResponse {
  readonly status: 200 | 201;
  readonly headers?: Readonly<Record<string, string>>;
}

function recordResponse(
  c: AppContext,
  { record, version }: VersionedRecord,
  response: RecordResponse = { status: 200 },
) {
  return c.json({ data: record }, response.status, { ...response.headers, ETag: `"${version}"` });
}
