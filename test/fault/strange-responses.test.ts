import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BehindProxy, serveBehindProxy } from "../support/processes/behind-proxy.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import type { Fate, SeenRequest } from "../support/processes/http-proxy.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";

/* A database that responds with nonsense or not at all, and may or may not have run the statements. */

const item = { name: "Item", columns: [{ name: "name", type: "VARCHAR", nullable: false, unique: true }] };

let served: BehindProxy;
let w: ServedWorkspace;
let fate: Fate = "PASS";
/** By `X-Request-Id`, for single requests. */
const fateOf = new Map<string, Fate>();
/** How many more round trips of such a request to let through. */
const passesOf = new Map<string, number>();

function decide({ requestId }: SeenRequest): Fate {
  const left = passesOf.get(requestId);
  if (left !== undefined) passesOf.set(requestId, left - 1);
  return left === 0 ? "CUT_BEFORE" : (fateOf.get(requestId) ?? fate);
}

beforeAll(async () => {
  served = await serveBehindProxy(decide);
  w = await makeServedWorkspace(served.baseUrl, item);
});
afterAll(() => served.stop());
beforeEach(() => {
  fate = "PASS";
});

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly key?: string;
  readonly requestId?: string;
}

async function send({ method = "GET", path, token = w.key, body, key, requestId }: Sent) {
  const headers = {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/json",
    ...(key !== undefined && { "Idempotency-Key": key }),
    ...(requestId !== undefined && { "X-Request-Id": requestId }),
  };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(served.baseUrl + path, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

const newName = () => crypto.randomUUID();

/** One request of each kind. */
const requests = (): readonly Sent[] => [
  { path: `${w.path}/Item` },
  { path: `${w.path}/Item/1` },
  { path: `${w.path}/Item/aggregate?measure=count` },
  { path: `${w.path}/Item/export` },
  { path: `${w.path}/openapi.json` },
  { method: "POST", path: `${w.path}/Item`, body: { name: newName() } },
  { method: "PUT", path: `${w.path}/Item/1`, body: { name: newName() } },
  { method: "DELETE", path: `${w.path}/Item/999` },
  { method: "POST", path: `${w.path}/Item/bulk`, body: [{ name: newName() }] },
  {
    method: "POST",
    path: `${w.path}/transaction`,
    body: { operations: [{ method: "POST", entity: "Item", body: { name: newName() } }] },
  },
  { path: w.adminPath, token: ADMIN_TOKEN },
  { path: `${w.adminPath}/entities`, token: ADMIN_TOKEN },
  {
    method: "POST",
    path: `${w.adminPath}/api-keys`,
    token: ADMIN_TOKEN,
    body: { name: "k", permission: "READ_ONLY" },
  },
  { path: "/readyz", token: "" },
];

/** Further writes wait for a turn, and no longer than the others. */
const WRITES_AT_ONCE = 8;

const JSON_TYPE = { "Content-Type": "application/json" };
const answers: readonly [string, Fate][] = [
  ["an error of its own", { status: 500, body: "Internal Server Error: /var/lib/sqld/data" }],
  [
    "a gateway's page",
    { status: 502, headers: { "Content-Type": "text/html" }, body: "<html>Bad Gateway</html>" },
  ],
  ["too many requests", { status: 429, body: "slow down" }],
  ["that it does not know us", { status: 401, body: "unauthorized: token w1_items" }],
  ["a redirect", { status: 302, headers: { Location: "http://127.0.0.1:9/" } }],
  ["a page with status 200", { status: 200, headers: { "Content-Type": "text/html" }, body: "<html>" }],
  ["nothing", { status: 200, headers: JSON_TYPE, body: "" }],
  ["null", { status: 200, headers: JSON_TYPE, body: "null" }],
  ["another shape", { status: 200, headers: JSON_TYPE, body: '{"results":{}}' }],
  ["no results", { status: 200, headers: JSON_TYPE, body: '{"results":[]}' }],
  [
    "too few steps",
    {
      status: 200,
      headers: JSON_TYPE,
      body: '{"results":[{"type":"ok","response":{"type":"batch","result":{"step_results":[],"step_errors":[]}}}]}',
    },
  ],
  [
    "a truncated answer",
    { status: 200, headers: JSON_TYPE, body: '{"baton":null,"results":[{"type":"ok","resp' },
  ],
  ["bytes", { status: 200, headers: JSON_TYPE, body: "\u0000\u0001\uFFFD{" }],
];

describe.each(answers)("a database that answers %s", (_, strange) => {
  it("is 503 for every request, reveals nothing, and needs no restart afterwards", async () => {
    fate = strange;
    for (const request of requests()) {
      const answer = await send(request);
      expect({ ...request, status: answer.status, code: answer.body.error.code }).toEqual({
        ...request,
        status: 503,
        code: "SERVICE_UNAVAILABLE",
      });
      expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
      expect(answer.text).not.toMatch(/sqld|w\d+_|html|token|results|JSON|step/i);
    }
    fate = "PASS";
    expect((await send({ path: `${w.path}/Item` })).status).toBe(200);
  });

  it("that has run the write anyway: repeated with its key, it is done once", async () => {
    const request = { method: "POST", path: `${w.path}/Item`, body: { name: newName() }, key: newName() };
    fate = typeof strange === "object" ? { ...strange, isRun: true } : strange;
    expect((await send(request)).status).toBe(503);
    fate = "PASS";
    const again = await send(request);
    expect([again.status, again.headers.get("Idempotent-Replayed")]).toEqual([201, "true"]);
    const found = await send({ path: `${w.path}/Item?filter[name]=${request.body.name}` });
    expect(found.body.meta.totalElements).toBe(1);
  });
});

/** The database's time limit, and a reserve for a busy machine. */
const [LIMIT_MS, TOLERANCE_MS] = [15_000, 5_000];

it("a database that responds late or incompletely is 503 in time for everyone, and its writes are done once", {
  timeout: 60_000,
}, async () => {
  expect((await send({ path: `${w.path}/Item` })).status).toBe(200);
  const create = (key?: string): Sent => {
    return { method: "POST", path: `${w.path}/Item`, body: { name: newName() }, ...(key && { key }) };
  };
  const run = [create(newName()), create(newName()), create()];
  const others = [
    ...requests().map((request) => [request, "HANG"] as const),
    ...requests().map((request) => [request, "STALL"] as const),
  ];
  const sendTo = (its: Fate, request: Sent) => {
    const requestId = newName();
    fateOf.set(requestId, its);
    return send({ ...request, requestId });
  };
  const waitFor = (count: number) =>
    expect.poll(() => served.waiting(), { timeout: 5_000 }).toBeGreaterThanOrEqual(count);
  const start = performance.now();
  const running = run.map((request) => sendTo("HANG_AFTER", request));
  await waitFor(run.length);
  const waiting = Promise.all([...running, ...others.map(([request, its]) => sendTo(its, request))]);
  const reads = others.filter(([{ method }]) => method === undefined).length;
  await waitFor(reads + WRITES_AT_ONCE);
  const answered = await waiting;
  const took = performance.now() - start;
  expect(answered.map(({ status }) => status)).toEqual(answered.map(() => 503));
  expect(took).toBeGreaterThan(LIMIT_MS - 1000);
  expect(took).toBeLessThan(LIMIT_MS + TOLERANCE_MS);

  for (const request of run.filter(({ key }) => key !== undefined)) {
    const again = await send(request);
    expect([again.status, again.headers.get("Idempotent-Replayed")]).toEqual([201, "true"]);
  }
  for (const { body } of run) {
    const { name } = body as { name: string };
    const found = await send({ path: `${w.path}/Item?filter[name]=${name}` });
    expect(found.body.meta.totalElements).toBe(1);
  }
  await expect.poll(() => served.waiting(), { timeout: 5_000 }).toBe(0);
});

it("late responses reach the request that they belong to", async () => {
  fate = "DELAY";
  const names = Array.from({ length: 20 }, newName);
  const created = await Promise.all(
    names.map((name) => send({ method: "POST", path: `${w.path}/Item`, body: { name } })),
  );
  expect(created.map(({ body }) => body.data.name)).toEqual(names);
  const read = await Promise.all(created.map(({ body }) => send({ path: `${w.path}/Item/${body.data.id}` })));
  expect(read.map(({ body }) => body.data.name)).toEqual(names);
});

it("an export breaks off if the database fails halfway, and is logged", async () => {
  const names = Array.from({ length: 1500 }, newName);
  for (let i = 0; i < names.length; i += 100) {
    const body = names.slice(i, i + 100).map((name) => ({ name: name.padEnd(200, "x") }));
    expect((await send({ method: "POST", path: `${w.path}/Item/bulk`, body })).status).toBe(200);
  }
  const requestId = `export-${newName()}`;
  const headers = { Authorization: `Bearer ${w.key}`, "X-Request-Id": requestId };
  passesOf.set(requestId, 1);
  const response = await fetch(`${served.baseUrl}${w.path}/Item/export?format=ndjson`, { headers });
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
  await served.waitFor(`"level":"error","requestId":"${requestId}","code":"SERVICE_UNAVAILABLE"`);
});
