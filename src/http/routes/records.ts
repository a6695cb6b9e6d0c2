import type { Hono } from "hono";
import type { TaggedRecord } from "../../query/sql/shape-record.ts";
import { describeApi } from "../../services/openapi/describe-api.ts";
import { aggregateRecords } from "../../services/records/aggregate-records.ts";
import type { BulkAction } from "../../services/records/bulk-items.ts";
import { bulkWrite } from "../../services/records/bulk-write.ts";
import { createRecord } from "../../services/records/create-record.ts";
import { deleteRecord } from "../../services/records/delete-record.ts";
import { exportRecords } from "../../services/records/export-records.ts";
import { getRecord } from "../../services/records/get-record.ts";
import { listRecords } from "../../services/records/list-records.ts";
import { versionAsked } from "../../services/records/record-input.ts";
import { runTransaction } from "../../services/records/run-transaction.ts";
import { updateRecord } from "../../services/records/update-record.ts";
import { describeWorkspace } from "../../services/workspaces/describe-workspace.ts";
import { type AppContext, type AppEnv, pathParameter, workspaceContext } from "../context.ts";
import { deliverAfter } from "../deliver-after.ts";
import { describedWith } from "../description.ts";
import { etagOf, hasCurrentCopy } from "../entity-tags.ts";
import { markReplay, writeContext } from "../idempotency.ts";
import { authenticateApiKey } from "../middleware/authenticate.ts";
import { onlyParameters, queryOf } from "../query-parameters.ts";
import { readJson, readJsonObject } from "../read-body.ts";
import { type Handler, type Handlers, mountResource } from "../resource.ts";

const WORKSPACE = "/api/v1/:organization/:workspace";

/** What is fixed below an entity comes before what may be an id. */
const resources: Readonly<Record<string, Handlers>> = {
  [WORKSPACE]: { GET: describe },
  /** The documents call it `/`, below their server's address. */
  [`${WORKSPACE}/`]: { GET: describe },
  [`${WORKSPACE}/openapi.json`]: { GET: describeOpenApi },
  [`${WORKSPACE}/transaction`]: { POST: transact },
  [`${WORKSPACE}/:entity`]: { GET: list, POST: create },
  [`${WORKSPACE}/:entity/aggregate`]: { GET: aggregate },
  [`${WORKSPACE}/:entity/export`]: { GET: exportAll },
  [`${WORKSPACE}/:entity/bulk`]: { POST: bulk("CREATE"), PUT: bulk("UPDATE"), DELETE: bulk("DELETE") },
  [`${WORKSPACE}/:entity/:id`]: { GET: get, PUT: update, PATCH: update, DELETE: remove },
};

export function mountRecords(app: Hono<AppEnv>): void {
  for (const [path, handlers] of Object.entries(resources)) {
    mountResource(app, { path, guard: authenticateApiKey, handlers });
  }
}

async function describe(c: AppContext) {
  onlyParameters(c, []);
  return c.json({ data: await describeWorkspace(workspaceContext(c)) });
}

async function describeOpenApi(c: AppContext) {
  onlyParameters(c, []);
  return describedWith(c, await describeApi(workspaceContext(c)));
}

async function list(c: AppContext) {
  return c.json(await listRecords(workspaceContext(c), entityOf(c)));
}

async function aggregate(c: AppContext) {
  return c.json(await aggregateRecords(workspaceContext(c), entityOf(c)));
}

async function exportAll(c: AppContext) {
  const { contentType, body } = await exportRecords(workspaceContext(c), entityOf(c));
  return c.body(body, 200, { "Content-Type": contentType });
}

async function create(c: AppContext) {
  const body = await readJsonObject(c);
  const ctx = await writeContext(c);
  const created = await createRecord(ctx, { ...entityOf(c), body });
  markReplay(c, ctx);
  deliverAfter(c, pathParameter(c, "entity"));
  const path = new URL(c.req.url).pathname;
  return c.json({ data: created.record }, 201, { ETag: etagOf(created), Location: `${path}/${created.id}` });
}

async function get(c: AppContext) {
  const found = await getRecord(workspaceContext(c), recordOf(c));
  if (!found.isExpanded && hasCurrentCopy(c, found)) return c.body(null, 304, { ETag: etagOf(found) });
  return recordResponse(c, found);
}

async function update(c: AppContext) {
  const body = await readJsonObject(c);
  const ctx = await writeContext(c);
  const input = { ...recordOf(c), body, expected: versionAsked(c.req.header("If-Match")) };
  const updated = await updateRecord(ctx, input);
  markReplay(c, ctx);
  deliverAfter(c, pathParameter(c, "entity"));
  return recordResponse(c, updated);
}

async function remove(c: AppContext) {
  const ctx = await writeContext(c);
  await deleteRecord(ctx, {
    ...recordOf(c),
    expected: versionAsked(c.req.header("If-Match")),
  });
  markReplay(c, ctx);
  deliverAfter(c, pathParameter(c, "entity"));
  return c.body(null, 204);
}

async function transact(c: AppContext) {
  const body = await readJsonObject(c);
  const ctx = await writeContext(c);
  const data = await runTransaction(ctx, { query: queryOf(c), body });
  markReplay(c, ctx);
  deliverAfter(c);
  return c.json({ data });
}

function bulk(action: BulkAction): Handler {
  return async (c) => {
    const body = await readJson(c);
    const isReturning = /(?:^|,)\s*return=representation\s*(?:,|;|$)/i.test(c.req.header("Prefer") ?? "");
    const ctx = await writeContext(c);
    const answer = await bulkWrite(ctx, { ...entityOf(c), action, body, isReturning });
    markReplay(c, ctx);
    deliverAfter(c, pathParameter(c, "entity"));
    return c.json(answer, 200, isReturning ? { "Preference-Applied": "return=representation" } : {});
  };
}

const entityOf = (c: AppContext) => ({ entity: pathParameter(c, "entity"), query: queryOf(c) });
const recordOf = (c: AppContext) => ({ ...entityOf(c), id: pathParameter(c, "id") });

const recordResponse = (c: AppContext, found: TaggedRecord) =>
  c.json({ data: found.record }, 200, { ETag: etagOf(found) });
