import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { composeApiKey } from "../../src/model/api-key.ts";
import { ADMIN_TOKEN } from "../support/api.ts";
import { alice, customer } from "../support/entities.ts";
import { letTimePass, listen, makeMailbox, untilNewest } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* The Worker in an isolate whose KV does not respond. The database does, unless a test says otherwise. */

async function fail(): Promise<never> {
  throw new Error("KV GET failed: 500 Internal Server Error at colo XYZ");
}
const broken = {
  ...env,
  API_KEYS: { get: fail, put: fail, delete: fail, list: fail } as unknown as KVNamespace,
};
const hang = () => Promise.withResolvers<never>().promise;
const hanging = {
  ...env,
  API_KEYS: { get: hang, put: hang, delete: hang, list: hang } as unknown as KVNamespace,
};

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer);
});

async function ask(bindings: typeof env, method: string, path: string, token: string, body?: object) {
  const request = new Request(`https://edge.test${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const context = createExecutionContext();
  const response = await worker.fetch(request, bindings, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return {
    status: response.status,
    retryAfter: response.headers.get("Retry-After"),
    body: text === "" ? undefined : JSON.parse(text),
  };
}

const admin = (method: string, path: string, body?: object) =>
  ask(broken, method, `/admin/v1${w.adminPath}${path}`, ADMIN_TOKEN, body);
const list = (bindings: typeof env, token: string) => ask(bindings, "GET", `${w.apiPath}/Customer`, token);

const unavailable = {
  status: 503,
  retryAfter: expect.stringMatching(/^\d+$/),
  body: { error: { code: "SERVICE_UNAVAILABLE", message: expect.not.stringContaining("KV") } },
};

it("without KV, a cached key keeps working, and an unknown one is asked to retry", async () => {
  expect((await list(env, w.key)).status).toBe(200);
  expect((await list(broken, w.key)).status).toBe(200);
  const unknown = composeApiKey("a".repeat(43));
  expect((await list(env, unknown)).status).toBe(401);
  expect(await list(broken, unknown)).toMatchObject(unavailable);
  expect(await ask(broken, "GET", "/readyz", "")).toMatchObject(unavailable);
});

it("a KV that does not respond delays a request by 5 seconds, and a request with a cached key not at all", async () => {
  expect((await list(env, w.key)).status).toBe(200);
  const asked = [
    list(hanging, composeApiKey("c".repeat(43))),
    ask(hanging, "GET", "/readyz", ""),
    ask(hanging, "POST", `/admin/v1${w.adminPath}/api-keys`, ADMIN_TOKEN, {
      name: "k",
      permission: "READ_ONLY",
    }),
  ];
  expect((await list(hanging, w.key)).status).toBe(200);
  for (const answer of await Promise.all(asked)) expect(answer).toMatchObject(unavailable);
});

it("a valid key that is used in another workspace stays cached", async () => {
  const v = await makeWorkspace();
  expect((await list(env, w.key)).status).toBe(200);
  for (let i = 0; i < 3; i++) expect((await ask(env, "GET", v.apiPath, w.key)).status).toBe(401);
  expect((await list(broken, w.key)).status).toBe(200);
});

it("a key with a wrong checksum is refused without a KV lookup", async () => {
  const issued = composeApiKey("b".repeat(43));
  const typo = issued.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  expect((await list(broken, typo)).status).toBe(401);
  expect((await list(broken, issued)).status).toBe(503);
});

it("a revocation holds without KV, from the next request on", async () => {
  const { id, key } = await w.createKey();
  expect((await list(env, key)).status).toBe(200);
  expect((await admin("DELETE", `/api-keys/${id}`)).status).toBe(204);
  expect((await list(broken, key)).status).toBe(503);
  expect((await list(env, key)).status).toBe(401);
});

it("a key that cannot be published is not created", async () => {
  const before = (await admin("GET", "/api-keys")).body.meta.totalElements;
  expect(await admin("POST", "/api-keys", { name: "lost", permission: "READ_ONLY" })).toMatchObject(
    unavailable,
  );
  expect((await admin("GET", "/api-keys")).body.meta.totalElements).toBe(before);
  expect(await admin("POST", "/api-keys/sync")).toMatchObject(unavailable);
});

it("a sync does not look up keys one by one, and removes keys of no workspace", async () => {
  const others = await makeWorkspace();
  for (let n = 0; n < 40; n++) await env.API_KEYS.put(`key:${`${n}`.padStart(64, "0")}`, "{}");
  const asked: string[] = [];
  const kv = env.API_KEYS;
  const noting =
    <A extends unknown[], R>(operation: string, work: (...sent: A) => R) =>
    (...sent: A) => {
      asked.push(operation);
      return work(...sent);
    };
  const counting = {
    get: noting("get", (name: string) => kv.get(name, "json")),
    put: noting("put", (name: string, value: string) => kv.put(name, value)),
    delete: noting("delete", (name: string) => kv.delete(name)),
    list: noting("list", (options: KVNamespaceListOptions) => kv.list(options)),
  } as unknown as KVNamespace;
  const sync = async () => {
    asked.length = 0;
    const path = `/admin/v1${w.adminPath}/api-keys/sync`;
    return (await ask({ ...env, API_KEYS: counting }, "POST", path, ADMIN_TOKEN)).body.data;
  };
  const { written, removed } = await sync();
  expect(removed).toBeGreaterThanOrEqual(40);
  expect(asked).not.toContain("get");
  expect(await sync()).toEqual({ written, removed: 0 });
  expect(asked).toEqual(["list", ...Array(written).fill("put")]);
  expect((await ask(env, "GET", others.apiPath, others.key)).status).toBe(200);
});

it.each([
  ["at once", 0],
  ["with a grace", 600],
])("a rotation %s that cannot be published is taken back whole", async (_, gracePeriodSeconds) => {
  const { id, key } = await w.createKey();
  const shown = async () => (await admin("GET", `/api-keys/${id}`)).body.data;
  const actions = async () => {
    const { data } = (await admin("GET", `/audit?subject=${id}`)).body;
    return data.map(({ action }: { action: string }) => action);
  };
  const before = await shown();
  let hasFailed = false;
  /* Meanwhile the scheduled run finds that the old secret has ended. */
  const put = async (name: string, value: string) => {
    if (hasFailed) return env.API_KEYS.put(name, value);
    hasFailed = true;
    await worker.scheduled(createScheduledController(), env);
    return fail();
  };
  const bindings = { ...broken, API_KEYS: { ...broken.API_KEYS, put } as unknown as KVNamespace };
  const path = `/admin/v1${w.adminPath}/api-keys/${id}/rotate`;
  expect(await ask(bindings, "POST", path, ADMIN_TOKEN, { gracePeriodSeconds })).toMatchObject(unavailable);
  expect(await shown()).toEqual(before);
  expect(await actions()).toEqual(["api-key.created"]);
  expect((await list(env, key)).status).toBe(200);
});

it("undoing a rotation that cannot be published keeps a later rotation", async () => {
  const { id, key } = await w.createKey();
  const path = `/admin/v1${w.adminPath}/api-keys/${id}/rotate`;
  let second = { key: "", keyPrefix: "" };
  const put = async () => {
    second = (await ask(env, "POST", path, ADMIN_TOKEN, {})).body.data;
    return fail();
  };
  const bindings = { ...broken, API_KEYS: { ...broken.API_KEYS, put } as unknown as KVNamespace };
  expect(await ask(bindings, "POST", path, ADMIN_TOKEN, {})).toMatchObject(unavailable);
  expect((await admin("GET", `/api-keys/${id}`)).body.data.keyPrefix).toBe(second.keyPrefix);
  expect((await list(env, second.key)).status).toBe(200);
  expect((await list(env, key)).status).toBe(401);
});

it("a scheduled run delivers due messages even if its other tasks fail", async () => {
  const v = await makeWorkspace(customer);
  const box = makeMailbox();
  const { id } = await listen(v, box);
  await box.react({ reactions: [{ status: 500 }] });
  expect((await v.api("POST", "/Customer", { body: alice })).status).toBe(201);
  await untilNewest(v, id, { attempts: [{ statusCode: 500 }] });
  await letTimePass(id);
  // Not by an ended secret without KV, because the scheduled run of another suite may come first.
  const send = globalThis.fetch;
  const fetch = vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    return String(init?.body).includes("api_key_secrets") ? fail() : send(input, init);
  });
  await expect(worker.scheduled(createScheduledController(), env)).rejects.toMatchObject({
    code: "SERVICE_UNAVAILABLE",
  });
  fetch.mockRestore();
  expect(await untilNewest(v, id, { status: "SUCCEEDED" })).toMatchObject({
    attempts: [{}, { statusCode: 200 }],
  });
});

it("every failing task of a scheduled run is logged with its cause", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const away = { ...env, LIBSQL_URL: "http://127.0.0.1:1" };
  await expect(worker.scheduled(createScheduledController(), away)).rejects.toMatchObject({
    code: "SERVICE_UNAVAILABLE",
  });
  const lines = error.mock.calls.map(([line]) => JSON.parse(String(line)));
  error.mockRestore();
  expect(lines.map(({ work }) => work)).toEqual([
    "applyBudgets",
    "removeEndedSecrets",
    "forgetOldRequests",
    "forgetRevocations",
    "expireEvents",
    "deliverDue",
  ]);
  for (const line of lines) {
    expect(line).toMatchObject({ level: "error", code: "SERVICE_UNAVAILABLE" });
    expect(line.requestId).toBe(lines[0].requestId);
    expect(line.reason).not.toBe("");
  }
});
