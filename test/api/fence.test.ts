import { beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/lib/hashing.ts";
import { type Answer, ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { alice, customer } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Everything is cached in the isolate and in KV. The very next request must obey each of these changes. */

let w: TestWorkspace;
beforeEach(async () => {
  w = await makeWorkspace(customer);
  expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
  expectStatus(await w.api("GET", "/Customer"), 200);
});

const readAndWrite = (token = w.key): Promise<[Answer, Answer]> =>
  Promise.all([
    ask("GET", `${w.apiPath}/Customer/1`, { token }),
    ask("PUT", `${w.apiPath}/Customer/1`, { token, body: { age: 40 } }),
  ]);

describe("a key", () => {
  it("stops working as soon as it is revoked", async () => {
    expectStatus(await w.admin("DELETE", `/api-keys/${w.keyId}`), 204);
    for (const answer of await readAndWrite()) {
      expectFailure(answer, 401, { code: "UNAUTHORIZED", message: "Invalid API key" });
      expect(answer.headers.get("WWW-Authenticate")).toBe("Bearer");
    }
  });

  it("learns nothing after its revocation, not even that a response would be too large", async () => {
    await w.define({ name: "Doc", columns: [{ name: "text", type: "TEXT" }] });
    const body = Array.from({ length: 5 }, () => ({ text: '"'.repeat(99_000) }));
    for (let i = 0; i < 12; i++) expectStatus(await w.api("POST", "/Doc/bulk", { body }), 200);
    const reads = ["/Doc?size=1000", "/Doc?size=1000&sort=text", "/Doc?size=1000&cursor="];
    for (const path of reads) expect((await w.api("GET", path)).text).toContain("too large");
    await runSql("UPDATE api_keys SET revoked_at = ? WHERE id = ?", [new Date().toISOString(), w.keyId]);
    for (const path of reads) expectStatus(await w.api("GET", path), 401);
  });

  it("stops working as soon as it expires, and works again if that is undone", async () => {
    const expire = (expiresAt: string | null) =>
      w.admin("PATCH", `/api-keys/${w.keyId}`, { body: { expiresAt } });
    expectStatus(await expire("2020-01-01T00:00:00+02:00"), 200);
    for (const answer of await readAndWrite()) {
      expectFailure(answer, 401, { code: "UNAUTHORIZED", message: "API key has expired" });
    }
    expectStatus(await expire(null), 200);
    for (const answer of await readAndWrite()) expectStatus(answer, 200);
  });

  it("changes its permission at once, both ways", async () => {
    const permit = (permission: string) => w.admin("PATCH", `/api-keys/${w.keyId}`, { body: { permission } });
    expectStatus(await permit("READ_ONLY"), 200);
    const [read, write] = await readAndWrite();
    expectStatus(read, 200);
    expectFailure(write, 403, {
      code: "FORBIDDEN",
      message: "This API key has READ_ONLY permissions — data modifications are not allowed",
    });
    expectStatus(await permit("READ_WRITE"), 200);
    for (const answer of await readAndWrite()) expectStatus(answer, 200);
  });

  it("gets a new secret by rotation; the old one ends with its grace period", async () => {
    const first = expectStatus(
      await w.admin("POST", `/api-keys/${w.keyId}/rotate`, { body: { gracePeriodSeconds: 600 } }),
      200,
    ).body.data;
    expect(first.key).not.toBe(w.key);
    expect(first.keyPrefix).toBe(first.key.slice(0, 16));
    for (const token of [w.key, first.key])
      for (const answer of await readAndWrite(token)) expectStatus(answer, 200);
    const second = expectStatus(await w.admin("POST", `/api-keys/${w.keyId}/rotate`), 200).body.data;
    for (const answer of await readAndWrite(second.key)) expectStatus(answer, 200);
    for (const token of [w.key, first.key]) {
      for (const answer of await readAndWrite(token)) {
        expectFailure(answer, 401, { code: "UNAUTHORIZED", message: "Invalid API key" });
      }
    }
  });
});

describe("the scheduled run", () => {
  it("removes secrets whose grace period is over, and no others", async () => {
    const { env } = await import("cloudflare:workers");
    const { createScheduledController } = await import("cloudflare:test");
    const { default: worker } = await import("../../src/index.ts");
    const rotate = async (gracePeriodSeconds: number) => {
      const path = `/api-keys/${w.keyId}/rotate`;
      return expectStatus(await w.admin("POST", path, { body: { gracePeriodSeconds } }), 200).body.data.key;
    };
    const earlier = await rotate(1);
    const latest = await rotate(600);
    const areInKv = () =>
      Promise.all(
        [w.key, earlier, latest].map(
          async (key) => (await env.API_KEYS.get(`key:${await sha256Hex(key)}`)) !== null,
        ),
      );
    expect(await areInKv()).toEqual([true, true, true]);
    await expect
      .poll(
        async () => {
          await worker.scheduled(createScheduledController(), env);
          return areInKv();
        },
        { timeout: 25_000 },
      )
      .toEqual([false, true, true]);
    expectStatus(await ask("GET", `${w.apiPath}/Customer`, { token: latest }), 200);
    expectStatus(await ask("GET", `${w.apiPath}/Customer`, { token: w.key }), 401);
  });
});

describe("the access mode", () => {
  it.each([
    ["READ_ONLY", "Workspace is in read-only mode"],
    ["DESIGN", "Workspace is in design mode"],
    ["MAINTENANCE", "Workspace is in maintenance mode"],
  ])(
    "%s stops writes from the next request, invalid ones too, and lets reads through",
    async (accessMode, message) => {
      expectStatus(await w.admin("PATCH", "", { body: { accessMode } }), 200);
      const [read, write] = await readAndWrite();
      expectStatus(read, 200);
      const error = { code: "WORKSPACE_STATUS", message };
      expectFailure(write, 409, error);
      expectFailure(await w.api("POST", "/Customer", { body: { age: "x" } }), 409, error);
      expectFailure(await w.api("POST", "/Nothing", { body: "not json" }), 409, error);
      expectFailure(await w.api("DELETE", "/Customer/1"), 409, error);
      expectStatus(await w.admin("PATCH", "", { body: { accessMode: "ACTIVE" } }), 200);
      for (const answer of await readAndWrite()) expectStatus(answer, 200);
    },
  );

  it.each([
    ["ACTIVE", 201],
    ["DESIGN", 201],
    ["READ_ONLY", 409],
    ["MAINTENANCE", 409],
    ["SCHEMA_LOCKED", 409],
  ])("%s answers a schema change with %i", async (accessMode, status) => {
    expectStatus(await w.admin("PATCH", "", { body: { accessMode } }), 200);
    expectStatus(await w.admin("POST", "/entities", { body: { name: "Thing" } }), status);
  });

  it("SCHEMA_LOCKED refuses schema changes by name and allows writing records", async () => {
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "SCHEMA_LOCKED" } }), 200);
    for (const answer of await readAndWrite()) expectStatus(answer, 200);
    expectFailure(await w.admin("DELETE", "/entities/Customer?confirm=Customer"), 409, {
      code: "WORKSPACE_STATUS",
      message: "Workspace schema is locked",
    });
  });
});

describe("the schema", () => {
  it("takes effect at once: a new entity exists, a dropped one does not", async () => {
    const before = await w.api("GET", "/Thing");
    expectFailure(before, 404, { code: "NOT_FOUND", message: "Entity not found: Thing" });
    expectStatus(await w.admin("POST", "/entities", { body: { name: "Thing" } }), 201);
    expectStatus(await w.api("POST", "/Thing", { body: {} }), 201);
    expectStatus(await w.admin("DELETE", "/entities/Thing?confirm=Thing"), 204);
    expectFailure(await w.api("GET", "/Thing"), 404, {
      code: "NOT_FOUND",
      message: "Entity not found: Thing",
    });
  });

  it("an entity that is dropped and created again has none of the old records", async () => {
    expectStatus(await w.admin("DELETE", "/entities/Customer?confirm=Customer"), 204);
    const body = { name: "Customer", columns: [{ name: "nick", type: "VARCHAR" }] };
    expectStatus(await w.admin("POST", "/entities", { body }), 201);
    const { body: listed } = expectStatus(await w.api("GET", "/Customer"), 200);
    expect(listed).toEqual({ data: [], meta: { page: 0, size: 20, totalElements: 0, totalPages: 0 } });
    expect((await w.api("POST", "/Customer", { body: { nick: "Al" } })).body.data).toEqual({
      id: 1,
      nick: "Al",
    });
  });
});

describe("the order of errors", () => {
  it("is 401, 403, 409, 404, 400, 422, whatever else is wrong", async () => {
    const readOnly = (await w.createKey({ permission: "READ_ONLY" })).key;
    const post = (token: string, entity: string, body: unknown) =>
      ask("POST", `${w.apiPath}/${entity}`, { token, body });
    expect((await ask("POST", `${w.apiPath}/Nothing`, { body: "{" })).status).toBe(401);
    expect((await post(readOnly, "Nothing", "{")).status).toBe(403);
    expect((await post(w.key, "Nothing", "{")).status).toBe(404);
    expect((await post(w.key, "Customer", "{")).status).toBe(400);
    expect((await post(w.key, "Customer", {})).status).toBe(422);
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "READ_ONLY" } }), 200);
    expect((await post(readOnly, "Nothing", "{")).status).toBe(403);
    expect((await post(w.key, "Nothing", "{")).status).toBe(409);
    expectStatus(await w.admin("DELETE", `/api-keys/${w.keyId}`), 204);
    expect((await post(w.key, "Nothing", "{")).status).toBe(401);
  });
});

describe("the cost", () => {
  it("of every warm successful request is one round trip", async () => {
    const count = async (method: string, path: string, body?: unknown) => {
      const { answer, roundTrips } = await askCounted(method, w.apiPath + path, { token: w.key, body });
      expect(answer.status, answer.text).toBeLessThan(300);
      return [`${method} ${path}`, roundTrips];
    };
    const counted = [
      await count("GET", ""),
      await count("GET", "/Customer"),
      await count("GET", "/Customer/1"),
      await count("POST", "/Customer", { ...alice, email: "b@example.com" }),
      await count("PUT", "/Customer/1", { age: 50 }),
      await count("PATCH", "/Customer/1", {}),
      await count("DELETE", "/Customer/1"),
    ];
    expect(counted.filter(([, roundTrips]) => roundTrips !== 1)).toEqual([]);
  });
});
