import { badRequest, recordHasChanged } from "../../errors/api-errors.ts";
import type { JsonObject } from "../../model/json.ts";
import type { TaggedRecord } from "../../query/sql/record/shape-record.ts";
import { describeApi } from "../../services/openapi/describe-api.ts";
import { aggregateRecords } from "../../services/records/aggregate-records.ts";
import { bulkWrite } from "../../services/records/bulk-write.ts";
import { createRecord } from "../../services/records/create-record.ts";
import { deleteRecord } from "../../services/records/delete-record.ts";
import { exportRecords } from "../../services/records/export-records.ts";
import { getRecord } from "../../services/records/get-record.ts";
import { listRecords } from "../../services/records/list-records.ts";
import { requireWritePermission } from "../../services/records/require-write-permission.ts";
import { runTransaction } from "../../services/records/run-transaction.ts";
import { updateRecord } from "../../services/records/update-record.ts";
import { writeMatching } from "../../services/records/write-matching.ts";
import { createToken } from "../../services/tokens/create-token.ts";
import { revokeTokens } from "../../services/tokens/revoke-tokens.ts";
import { describePrincipal } from "../../services/workspaces/describe-principal.ts";
import { describeWorkspace } from "../../services/workspaces/describe-workspace.ts";
import type { BulkAction } from "../../write/plan/bulk/bulk-items.ts";
import type { BulkResult } from "../../write/plan/bulk/bulk-result.ts";
import type { MatchingResult } from "../../write/plan/plan-matching-write.ts";
import { type AppContext, pathParameter, workspaceContext } from "../context.ts";
import { markReplay, writeContext } from "../request/idempotency.ts";
import { type Body, readJson, readJsonObject } from "../request/read-body.ts";
import { onlyParameters, queryOf } from "../request/read-query.ts";
import { deliverAfter } from "../response/deliver-after.ts";
import { etagOf, hasCurrentCopy, isMatching } from "../response/etag.ts";
import { respond, respondJson, respondPage } from "../response/respond.ts";
import { respondWithDocument } from "../response/respond-with-document.ts";
import type { Handler, Handlers, Route } from "../route.ts";

const recordHandlers: Handlers = { GET: get, PUT: update, PATCH: update, DELETE: remove };

const handlers: Readonly<Record<string, Handlers>> = {
  "": { GET: describe },
  /** The documents call it `/`, relative to their server address. */
  "/": { GET: describe },
  "/openapi.json": { GET: describeOpenApi },
  "/transaction": { POST: transact },
  "/tokens": { POST: mintToken },
  "/tokens/revoke": { POST: endTokens },
  "/me": { GET: describeCaller },
  "/:entity": { GET: list, POST: create, PATCH: updateMatching, DELETE: deleteMatching },
  "/:entity/aggregate": { GET: aggregate },
  "/:entity/export": { GET: exportAll },
  "/:entity/bulk": { POST: bulk("CREATE"), PUT: bulk("UPDATE"), DELETE: bulk("DELETE") },
  /** For clients and proxies that drop the body of a DELETE. */
  "/:entity/bulk/delete": { POST: bulk("DELETE") },
  "/:entity/:id": recordHandlers,
  "/:entity/by/:field/:value": recordHandlers,
};

/** The workspace API, below `/api/v1/:organization/:workspace`. */
export const recordRoutes: readonly Route[] = Object.entries(handlers).map(([path, handlersOfPath]) => ({
  path,
  handlers: handlersOfPath,
}));

async function describe(c: AppContext) {
  return respondJson(c, { data: await describeWorkspace(workspaceContext(c), { query: queryOf(c) }) });
}

async function describeOpenApi(c: AppContext) {
  const description = await describeApi(workspaceContext(c), { query: queryOf(c) });
  c.set("isCached", description.isCached);
  return respondWithDocument(c, description);
}

async function describeCaller(c: AppContext) {
  return respondJson(c, { data: await describePrincipal(workspaceContext(c), { query: queryOf(c) }) });
}

async function mintToken(c: AppContext) {
  const body = bodyAboutTokens(c, await readJsonObject(c));
  const data = await createToken(workspaceContext(c), body);
  return respondJson(c, { data }, { status: 201, headers: { "Cache-Control": "no-store" } });
}

async function endTokens(c: AppContext) {
  const body = bodyAboutTokens(c, await readJsonObject(c));
  return respondJson(c, { data: await revokeTokens(workspaceContext(c), body) });
}

/** Nothing is stored for a replay: a second request mints another token, or also revokes newer ones. */
function bodyAboutTokens<T>(c: AppContext, body: Body<T>): Body<T> {
  const checked = unconditional(c, body);
  return () => {
    onlyParameters(c, []);
    if (c.req.header("Idempotency-Key") === undefined) return checked();
    throw badRequest("Idempotency-Key is not supported for tokens");
  };
}

async function list(c: AppContext) {
  return respondPage(c, await listRecords(workspaceContext(c), entityOf(c)));
}

async function aggregate(c: AppContext) {
  return respondJson(c, await aggregateRecords(workspaceContext(c), entityOf(c)));
}

async function exportAll(c: AppContext) {
  const { contentType, body } = await exportRecords(workspaceContext(c), entityOf(c));
  return respond(c, body, { headers: { "Content-Type": contentType } });
}

async function create(c: AppContext) {
  await requireWritePermission(workspaceContext(c));
  const body = unconditional(c, await readJsonObject(c));
  const ctx = await writeContext(c);
  const created = await createRecord(ctx, { ...entityOf(c), body });
  markReplay(c, ctx);
  deliverAfter(c, pathParameter(c, "entity"));
  const path = new URL(c.req.url).pathname;
  const headers = { ETag: etagOf(created), Location: `${path}/${created.id}` };
  return respondJson(c, { data: created.record }, { status: 201, headers });
}

async function get(c: AppContext) {
  const found = await getRecord(workspaceContext(c), recordOf(c));
  if (!isMatching(c, found)) throw recordHasChanged();
  if (hasCurrentCopy(c, found)) return respond(c, null, { status: 304, headers: { ETag: etagOf(found) } });
  return recordResponse(c, found);
}

async function update(c: AppContext) {
  await requireWritePermission(workspaceContext(c));
  const body = await readJsonObject(c);
  const ctx = await writeContext(c);
  const input = { ...recordOf(c), body, ...preconditionOf(c) };
  const updated = await updateRecord(ctx, input);
  markReplay(c, ctx);
  deliverAfter(c, pathParameter(c, "entity"));
  return recordResponse(c, updated);
}

async function remove(c: AppContext) {
  const ctx = await writeContext(c);
  await deleteRecord(ctx, { ...recordOf(c), ...preconditionOf(c) });
  markReplay(c, ctx);
  deliverAfter(c, pathParameter(c, "entity"));
  return respond(c, null, { status: 204 });
}

async function transact(c: AppContext) {
  await requireWritePermission(workspaceContext(c));
  const body = unconditional(c, await readJsonObject(c));
  const ctx = await writeContext(c);
  const data = await runTransaction(ctx, { query: queryOf(c), body });
  markReplay(c, ctx);
  deliverAfter(c);
  return respondJson(c, { data });
}

function bulk(action: BulkAction): Handler {
  return async (c) => {
    await requireWritePermission(workspaceContext(c));
    const body = unconditional(c, await readJson(c));
    const ctx = await writeContext(c);
    const answer = await bulkWrite(ctx, { ...entityOf(c), action, body, isReturning: prefersRecords(c) });
    markReplay(c, ctx);
    deliverAfter(c, pathParameter(c, "entity"));
    return recordsResponse(c, answer);
  };
}

async function updateMatching(c: AppContext) {
  await requireWritePermission(workspaceContext(c));
  return writeAllMatching(c, unconditional(c, await readJsonObject(c)));
}

async function deleteMatching(c: AppContext) {
  const query = unconditional(c, queryOf(c));
  return writeAllMatching(c, null, query);
}

async function writeAllMatching(c: AppContext, changes: Body<JsonObject> | null, query = queryOf(c)) {
  const ctx = await writeContext(c);
  const isReturning = prefersRecords(c) && c.req.header("Idempotency-Key") === undefined;
  const answer = await writeMatching(ctx, { ...entityOf(c), query, changes, isReturning });
  markReplay(c, ctx);
  deliverAfter(c, pathParameter(c, "entity"));
  return recordsResponse(c, answer);
}

/** The value may be in quotes, and spaces may surround the equals sign (RFC 7240, section 2). */
const prefersRecords = (c: AppContext) =>
  /(?:^|,)\s*return\s*=\s*("?)representation\1\s*(?:,|;|$)/i.test(c.req.header("Prefer") ?? "");

/** A replay is the response to the first request, whatever is preferred now. */
const recordsResponse = (c: AppContext, answer: BulkResult | MatchingResult) =>
  respondJson(c, answer, answer.data ? { headers: { "Preference-Applied": "return=representation" } } : {});

/** The body of a request that creates a record or concerns several: no tag names those. */
function unconditional<T>(c: AppContext, body: Body<T>): Body<T> {
  return () => {
    const condition = ["If-Match", "If-None-Match"].find((name) => c.req.header(name) !== undefined);
    if (condition === undefined) return body();
    throw badRequest(
      `${condition} is for a request that changes one record — in a transaction, send ifMatch with an operation`,
    );
  };
}

const preconditionOf = (c: AppContext) => ({
  ifMatch: c.req.header("If-Match"),
  ifNoneMatch: c.req.header("If-None-Match"),
});

const entityOf = (c: AppContext) => ({ entity: pathParameter(c, "entity"), query: queryOf(c) });

/** By the id, or by a unique field. */
function recordOf(c: AppContext) {
  const by = c.req.param("field");
  return { ...entityOf(c), by, id: pathParameter(c, by === undefined ? "id" : "value") };
}

const recordResponse = (c: AppContext, found: TaggedRecord) =>
  respondPage(c, { data: found.record }, { headers: { ETag: etagOf(found) } });
