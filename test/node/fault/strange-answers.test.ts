import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startLibsqlServer } from "../../../tools/libsql-server/start-libsql-server.ts";
import { ADMIN_TOKEN } from "../support/counter-workspace.ts";
import { type Fate, type HttpProxy, startHttpProxy } from "../support/http-proxy.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/served-workspace.ts";

/* A database that is there and answers nonsense, or nothing; and what is behind it has run the statements, or has not. */

const item = { name: "Item", columns: [{ name: "name", type: "VARCHAR", nullable: false, unique: true }] };

let directory = "";
let database: Awaited<ReturnType<typeof startLibsqlServer>>;
let proxy: HttpProxy;
let served: Served;
let w: ServedWorkspace;
let fate: Fate = "PASS";

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "strange-answers-"));
  database = await startLibsqlServer({ file: join(directory, "data.db") });
  proxy = await startHttpProxy(database.url, () => fate);
  served = await serveWorker({ LIBSQL_URL: proxy.url });
  w = await makeServedWorkspace(served.baseUrl, item);
});
afterAll(async () => {
  await served.stop();
  await proxy.stop();
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  fate = "PASS";
});

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly key?: string;
}

async function send({ method = "GET", path, token = w.key, body, key }: Sent) {
  const headers = {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/json",
    ...(key !== undefined && { "Idempotency-Key": key }),
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
  { method: "DELETE", path: `${w.path}/Item/1` },
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
  it("is 503 to every request, tells nothing of itself, and needs no restart when it is well again", async () => {
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

  it("and has run the write all the same: sent again with its key, it is done once", async () => {
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

it("a database that never answers is 503 within its time, to all who wait, and others go on when it is back", async () => {
  const { length } = await Promise.all([
    send({ path: `${w.path}/Item` }),
    send({ path: w.adminPath, token: ADMIN_TOKEN }),
  ]);
  expect(length).toBe(2);
  fate = "HANG";
  const waiting = requests().map(send);
  const answered = await Promise.all(waiting);
  expect(answered.map(({ status }) => status)).toEqual(answered.map(() => 503));
  fate = "PASS";
  expect((await send({ path: `${w.path}/Item` })).status).toBe(200);
});
