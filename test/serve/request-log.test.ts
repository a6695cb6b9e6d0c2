import { afterAll, beforeAll, expect, it } from "vitest";
import { serveBehindProxy } from "../support/processes/behind-proxy.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { DELAY_MS, type Fate } from "../support/processes/http-proxy.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

let served: Served;
let w: ServedWorkspace;
beforeAll(async () => {
  served = await serveWorker();
  w = await makeServedWorkspace(served.baseUrl, {
    name: "Note",
    columns: [{ name: "text", type: "VARCHAR", unique: true }],
  });
});
afterAll(() => served.stop());

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly token?: string;
  readonly body?: string;
}

/** The log line of the request. */
async function lineOf({ path, method = "GET", token = w.key, body }: Sent): Promise<object> {
  const requestId = crypto.randomUUID();
  const headers = {
    Authorization: `Bearer ${token}`,
    "X-Request-Id": requestId,
    "Content-Type": "application/json",
  };
  const response = await fetch(served.baseUrl + path, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  await response.arrayBuffer();
  await served.waitFor(requestId);
  const lines = served.output().split("\n");
  const found = lines.filter((line) => line.includes(requestId) && line.includes('"level":"info"'));
  expect(found).toHaveLength(1);
  return JSON.parse(found[0] ?? "");
}

it("logs each request in one line, by the pattern of its route", async () => {
  const workspace = `${w.organization}/${w.workspace}`;
  const millis = expect.any(Number);
  expect(await lineOf({ path: `${w.path}/Note?filter[text]=x` })).toEqual({
    level: "info",
    requestId: expect.any(String),
    method: "GET",
    route: "/api/v1/:organization/:workspace/:entity",
    status: 200,
    durationMs: millis,
    authMs: millis,
    databaseMs: millis,
    workspace,
    principal: "KEY",
    keyId: expect.stringMatching(/^key_/),
  });
  expect(await lineOf({ path: w.adminPath, token: ADMIN_TOKEN })).toMatchObject({
    route: "/admin/v1/organizations/:organization/workspaces/:workspace",
    workspace,
  });
  const routes = [
    ["/Note/1", "/:entity/:id"],
    ["/Note/export", "/:entity/export"],
    ["/Note/bulk", "/:entity/bulk"],
    ["/Note/aggregate", "/:entity/aggregate"],
    ["/openapi.json", "/openapi.json"],
    ["/transaction", "/transaction"],
    ["/", "/"],
    ["", ""],
  ];
  for (const [path, route] of routes) {
    const line = await lineOf({ path: w.path + path });
    expect(line).toMatchObject({ route: `/api/v1/:organization/:workspace${route}` });
  }
  expect(await lineOf({ path: `${w.adminPath}/api-keys/sync`, token: ADMIN_TOKEN })).toMatchObject({
    route: "/admin/v1/organizations/:organization/workspaces/:workspace/api-keys/sync",
  });
  expect(await lineOf({ path: "/healthz" })).toMatchObject({ route: "/healthz", status: 200 });
  expect(await lineOf({ path: "/nowhere" })).toMatchObject({ route: "/*", status: 404 });
  expect(await lineOf({ path: `${w.path}/Note/1`, method: "LOCK" })).toMatchObject({
    route: "/api/v1/:organization/:workspace/:entity/:id",
    status: 405,
  });
});

it("never logs a key, a body, a query value, or the path of an unauthenticated request", async () => {
  const marker = "unspeakable";
  const body = JSON.stringify({ text: marker });
  const wrong = w.key.replace(/.$/, (last) => (last === "a" ? "b" : "a"));
  const path = `${w.path}/Note`;
  const sent: readonly (Sent & { readonly status: number })[] = [
    { path, method: "POST", body, status: 201 },
    { path, method: "POST", body, status: 409 },
    { path, method: "POST", body: `{"${marker}`, status: 400 },
    { path: `${path}?filter[text]=${marker}&sort=${marker}`, status: 400 },
    { path: `${path}/${marker}`, status: 404 },
    { path: `${w.path}/${marker}`, status: 404 },
    { path: `/api/v1/${marker}/${w.key}`, token: wrong, status: 401 },
    { path: `/admin/v1/organizations/${marker}`, token: marker, status: 401 },
  ];
  for (const { status, ...request } of sent) expect(await lineOf(request)).toMatchObject({ status });
  const output = served.output();
  for (const secret of [marker, w.key, wrong, ADMIN_TOKEN]) expect(output).not.toContain(secret);
});

it("logs a database that responds with nonsense, but not the response", async () => {
  let fate: Fate = "PASS";
  const other = await serveBehindProxy(() => fate);
  try {
    for (const body of ['{"rows":[["unspeakable', "unspeakable"]) {
      for (const status of [200, 500]) {
        fate = { status, body };
        expect((await fetch(`${other.baseUrl}/readyz`)).status).toBe(503);
      }
    }
    await other.waitFor('"level":"error"');
    expect(other.output()).not.toContain("unspeak");
  } finally {
    await other.stop();
  }
});

it("logs how long the database took, and tells the client the same", async () => {
  const slow = await serveBehindProxy(() => "DELAY" as const);
  try {
    const requestId = crypto.randomUUID();
    const response = await fetch(`${slow.baseUrl}/readyz`, { headers: { "X-Request-Id": requestId } });
    expect(response.status).toBe(200);
    await slow.waitFor(requestId);
    const line = slow
      .output()
      .split("\n")
      .find((text) => text.includes(requestId));
    const { databaseMs, durationMs } = JSON.parse(line ?? "");
    expect(databaseMs).toBeGreaterThanOrEqual(DELAY_MS - 10);
    expect(durationMs).toBeGreaterThanOrEqual(databaseMs);
    expect(response.headers.get("Server-Timing")).toContain(`db;dur=${databaseMs}`);
  } finally {
    await slow.stop();
  }
});

it("logs nothing with LOG_REQUESTS=false", async () => {
  const quiet = await serveWorker({ LOG_REQUESTS: "false" });
  try {
    expect((await fetch(`${quiet.baseUrl}/healthz`)).status).toBe(200);
  } finally {
    await quiet.stop();
  }
  expect(quiet.output()).not.toContain("/healthz");
});
