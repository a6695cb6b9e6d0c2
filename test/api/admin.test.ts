import { beforeAll, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, ask, askAdmin, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { listen, makeMailbox } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer);
});

const invalid = (details: object[]) => ({
  code: "VALIDATION_ERROR",
  message: `Validation failed: ${details.length} error(s)`,
  details,
});

describe("the admin token", () => {
  it.each([undefined, "", "wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(0, -1)])(
    "%s is refused",
    async (token) => {
      for (const path of ["/admin/v1/organizations", "/admin/v1/organizations/x/workspaces/y/entities"]) {
        expectFailure(await ask("GET", path, { token }), 401, {
          code: "UNAUTHORIZED",
          message: "Invalid admin token",
        });
      }
    },
  );

  it("is no API key, and an API key is no admin token", async () => {
    expect((await ask("GET", `${w.apiPath}/Customer`, { token: ADMIN_TOKEN })).status).toBe(401);
    expect((await ask("GET", "/admin/v1/organizations", { token: w.key })).status).toBe(401);
  });
});

describe("organizations", () => {
  const slug = `o-${crypto.randomUUID().slice(0, 8)}`;

  it("are created, read, listed, renamed and deleted", async () => {
    const created = expectStatus(
      await askAdmin("POST", "/organizations", { body: { slug, name: " Acme " } }),
      201,
    );
    expect(created.body.data).toEqual({
      slug,
      name: "Acme",
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect((await askAdmin("GET", `/organizations/${slug}`)).body).toEqual(created.body);
    const renamed = await askAdmin("PATCH", `/organizations/${slug}`, { body: { name: "Acme Inc" } });
    expect(renamed.body.data.name).toBe("Acme Inc");
    const { body } = expectStatus(await askAdmin("GET", "/organizations?size=1000"), 200);
    expect(body.data).toContainEqual(renamed.body.data);
    expect(body.meta).toMatchObject({ page: 0, size: 1000, totalElements: body.data.length });
    expectFailure(await askAdmin("POST", "/organizations", { body: { slug, name: "Again" } }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: `A record with slug '${slug}' already exists`,
    });
    expectStatus(await askAdmin("DELETE", `/organizations/${slug}`), 204);
    expectFailure(await askAdmin("GET", `/organizations/${slug}`), 404, {
      code: "NOT_FOUND",
      message: `Organization not found: ${slug}`,
    });
  });

  it("with workspaces are not deleted", async () => {
    expectFailure(await askAdmin("DELETE", `/organizations/${w.organization}`), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: `Organization ${w.organization} still has workspaces`,
    });
  });

  it.each(["", "-a", "a-", "A", "a_b", "a".repeat(64), "ü"])("refuse the slug '%s'", async (bad) => {
    const answer = await askAdmin("POST", "/organizations", { body: { slug: bad, name: "x" } });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.error.details[0].field).toBe("slug");
  });

  it("report unknown keys and every problem together", async () => {
    const answer = await askAdmin("POST", "/organizations", { body: { slug: 5, nmae: "x" } });
    expectFailure(
      answer,
      422,
      invalid([
        { field: "slug", message: "must be a string" },
        { field: "name", message: "is required" },
        { field: "nmae", message: "is not a known property" },
      ]),
    );
  });
});

describe("workspaces", () => {
  it("are described with every setting, and changed", async () => {
    const { body } = expectStatus(await w.admin("GET", ""), 200);
    expect(body.data).toEqual({
      slug: w.workspace,
      name: "Test",
      accessMode: "ACTIVE",
      maxExpandDepth: null,
      corsAllowedOrigins: null,
      rateLimit: null,
      mcpMode: "DISABLED",
      schemaVersion: 1,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    const changes = {
      name: "Shop",
      maxExpandDepth: 2,
      corsAllowedOrigins: ["https://app.example.com"],
      rateLimit: 60,
      mcpMode: "READ_ONLY",
    };
    const changed = expectStatus(await w.admin("PATCH", "", { body: changes }), 200);
    expect(changed.body.data).toMatchObject(changes);
    const reset = { maxExpandDepth: null, corsAllowedOrigins: null, rateLimit: null };
    expect((await w.admin("PATCH", "", { body: reset })).body.data).toMatchObject(reset);
  });

  it.each([
    [{ accessMode: "OPEN" }, "accessMode"],
    [{ maxExpandDepth: 0 }, "maxExpandDepth"],
    [{ maxExpandDepth: 6 }, "maxExpandDepth"],
    [{ rateLimit: 61 }, "rateLimit"],
    [{ corsAllowedOrigins: ["app.example.com/path"] }, "corsAllowedOrigins[0]"],
    [{ slug: "other" }, "slug"],
  ])("refuse %j", async (body, field) => {
    const answer = await w.admin("PATCH", "", { body });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.error.details.map((detail: { field: string }) => detail.field)).toEqual([field]);
  });

  it("are named in 404s by the part that is missing", async () => {
    expectFailure(await askAdmin("GET", "/organizations/nobody/workspaces/x/entities"), 404, {
      code: "NOT_FOUND",
      message: "Organization not found: nobody",
    });
    expectFailure(await askAdmin("GET", `/organizations/${w.organization}/workspaces/nothing`), 404, {
      code: "NOT_FOUND",
      message: "Workspace not found: nothing",
    });
  });

  it("are deleted only with the matching confirm", async () => {
    const doomed = await makeWorkspace(customer, order);
    for (const query of ["", "?confirm=", "?confirm=other"]) {
      const answer = await doomed.admin("DELETE", query);
      expect(answer.status, answer.text).toBe(400);
    }
    expectStatus(await doomed.api("GET", "/Customer"), 200);
    expectStatus(await doomed.admin("DELETE", `?confirm=${doomed.workspace}`), 204);
    expect((await doomed.admin("GET", "")).status).toBe(404);
  });
});

describe("API keys", () => {
  it("are shown once", async () => {
    const created = expectStatus(
      await w.admin("POST", "/api-keys", {
        body: { name: "ci", permission: "READ_ONLY", expiresAt: "2099-01-01T01:00:00+01:00" },
      }),
      201,
    ).body.data;
    const { key, ...shown } = created;
    expect(shown).toEqual({
      id: created.id,
      name: "ci",
      keyPrefix: key.slice(0, 16),
      permission: "READ_ONLY",
      expiresAt: "2099-01-01T00:00:00.000Z",
      createdAt: expect.any(String),
      lastUsedAt: null,
      revokedAt: null,
    });
    expect((await w.admin("GET", `/api-keys/${created.id}`)).body.data).toEqual(shown);
    const listed = await w.admin("GET", "/api-keys?size=1000");
    expect(listed.body.data).toContainEqual(shown);
    expect(listed.text).not.toContain(key);
  });

  it.each(["9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+14:00"])(
    "end in a year of four digits, not at %s",
    async (expiresAt) => {
      const body = { name: "k", permission: "READ_ONLY", expiresAt };
      expectFailure(await w.admin("POST", "/api-keys", { body }), 422, {
        code: "VALIDATION_ERROR",
        message: "Validation failed: 1 error(s)",
        details: [{ field: "expiresAt", message: "must be between the years 0000 and 9999 in UTC" }],
      });
    },
  );

  it("that could never work are refused: already expired, or READ_ONLY with scopes to write", async () => {
    const read = { entity: "Customer", operations: ["read"] };
    const write = { entity: "Customer", operations: ["read", "create"] };
    const create = (input: object) =>
      w.admin("POST", "/api-keys", { body: { name: "k", permission: "READ_ONLY", ...input } });
    const expired = { field: "expiresAt", message: "must be in the future" };
    const unusable = { field: "scopes[0].operations", message: "must be read alone for READ_ONLY" };
    const cases: [object, object[]][] = [
      [{ expiresAt: "2020-01-01T00:00:00Z" }, [expired]],
      [{ expiresAt: "2020-01-01T00:00:00Z", scopes: [write] }, [expired, unusable]],
      [{ scopes: [write] }, [unusable]],
    ];
    for (const [input, details] of cases) {
      const refused = await create(input);
      expect([refused.status, refused.body.error.details]).toEqual([422, details]);
    }
    expectStatus(await create({ scopes: [read] }), 201);
    const { id } = await w.createKey();
    const change = (body: object) => w.admin("PATCH", `/api-keys/${id}`, { body });
    expectStatus(await change({ permission: "READ_ONLY", scopes: [write] }), 422);
    expectStatus(await change({ permission: "READ_ONLY" }), 200);
    expect((await change({ scopes: [write] })).body.error.details).toEqual([unusable]);
    expectStatus(await change({ permission: "READ_WRITE", scopes: [write] }), 200);
    expectStatus(await change({ permission: "READ_ONLY" }), 200);
  });

  it("are rewritten in KV from the database", async () => {
    const { env } = await import("cloudflare:workers");
    const other = await makeWorkspace(customer);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(other.key));
    const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const stray = {
      keyId: "key_stray",
      workspaceId: 0,
      organization: other.organization,
      workspace: other.workspace,
    };
    await env.API_KEYS.delete(`key:${hash}`);
    await env.API_KEYS.put(`key:${"0".repeat(64)}`, JSON.stringify(stray));
    expect((await other.admin("POST", "/api-keys/sync")).body).toEqual({ data: { written: 1, removed: 1 } });
    expect(await env.API_KEYS.get(`key:${hash}`, "json")).toMatchObject({ keyId: other.keyId });
    expect(await env.API_KEYS.get(`key:${"0".repeat(64)}`)).toBeNull();
  });

  it("are never stored as they are", async () => {
    const { env } = await import("cloudflare:workers");
    const { keys } = await env.API_KEYS.list();
    const values = await Promise.all(keys.map(async ({ name }) => name + (await env.API_KEYS.get(name))));
    expect(values.join()).not.toContain(w.key);
  });
});

describe("entities", () => {
  it("are returned with ids and all defaults", async () => {
    const { body } = expectStatus(await w.admin("GET", "/entities/Customer"), 200);
    expect(body.data).toMatchObject({ name: "Customer", tableName: "customers", idType: "INTEGER" });
    expect(body.data.columns[1]).toEqual({
      id: expect.any(String),
      name: "name",
      columnName: "name",
      type: "VARCHAR",
      nullable: false,
      unique: false,
      indexed: false,
      length: 255,
      constraints: [],
    });
    expect((await w.admin("GET", "/entities")).body.data).toEqual([body.data]);
  });

  it("name every problem by its path", async () => {
    const body = {
      name: "1x",
      columns: [{ name: "a", type: "VARCHAR" }, { name: "b" }, { name: "c", type: "VARCHAR", lenght: 5 }],
    };
    const answer = await w.admin("POST", "/entities", { body });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.error.details).toContainEqual({
      field: "columns[2].lenght",
      message: "is not a known property",
    });
    expect(answer.body.error.details.map((detail: { field: string }) => detail.field)).toContain("name");
  });

  it.each([
    ["a reserved column", { name: "T", columns: [{ name: "id", type: "TEXT" }] }, "columns[0].name"],
    ["a hidden column", { name: "T", columns: [{ name: "_x", type: "TEXT" }] }, "columns[0].name"],
    ["a reserved entity", { name: "transaction" }, "name"],
    [
      "a column twice",
      {
        name: "T",
        columns: [
          { name: "a", type: "TEXT" },
          { name: "a", type: "TEXT" },
        ],
      },
      "columns[1].name",
    ],
    ["no type", { name: "T", columns: [{ name: "a" }] }, "columns[0].type"],
    ["an ENUM without values", { name: "T", columns: [{ name: "a", type: "ENUM" }] }, "columns[0].values"],
    [
      "a length on TEXT",
      { name: "T", columns: [{ name: "a", type: "TEXT", length: 5 }] },
      "columns[0].length",
    ],
    [
      "a scale over precision",
      { name: "T", columns: [{ name: "a", type: "DECIMAL", precision: 3, scale: 4 }] },
      "columns[0].scale",
    ],
    [
      "a default of another type",
      { name: "T", columns: [{ name: "a", type: "INTEGER", default: "x" }] },
      "columns[0].default",
    ],
    [
      "a reference to nothing",
      { name: "T", columns: [{ name: "aId", references: { entity: "A" } }] },
      "columns[0].references.entity",
    ],
  ])("refuse %s", async (_, body, field) => {
    const answer = await w.admin("POST", "/entities", { body });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.error.details.map((detail: { field: string }) => detail.field)).toContain(field);
    expect((await w.admin("GET", `/entities/${body.name}`)).status).toBe(404);
  });

  it("with a taken name or table are 409", async () => {
    for (const [body, taken] of [
      [{ name: "Customer" }, "name 'Customer'"],
      [{ name: "Client", tableName: "Customers" }, "tableName 'Customers'"],
    ]) {
      expectFailure(await w.admin("POST", "/entities", { body }), 409, {
        code: "UNIQUE_CONSTRAINT_VIOLATION",
        message: `A record with ${taken} already exists`,
      });
    }
  });

  it("are not deleted while others refer to them, nor without confirm", async () => {
    const own = await makeWorkspace(customer, order);
    expectFailure(await own.admin("DELETE", "/entities/Customer?confirm=Customer"), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Entity Customer is still referenced by Order.customerId",
    });
    expect((await own.admin("DELETE", "/entities/Order")).status).toBe(400);
    expectStatus(await own.admin("DELETE", "/entities/Order?confirm=Order"), 204);
    expectStatus(await own.admin("DELETE", "/entities/Customer?confirm=Customer"), 204);
  });

  it("show a key's holder columns and relationships, but not how they are stored", async () => {
    const own = await makeWorkspace(customer, order);
    const { body, text } = expectStatus(await own.api("GET", ""), 200);
    expect(body.data).toMatchObject({
      organization: own.organization,
      workspace: own.workspace,
      accessMode: "ACTIVE",
      schemaVersion: 2,
      entities: [
        { name: "Customer", relationships: [{ name: "orders", kind: "TO_MANY", entity: "Order" }] },
        { name: "Order", relationships: [{ name: "customer", kind: "TO_ONE", entity: "Customer" }] },
      ],
    });
    expect(body.data.entities[0].columns[0]).toMatchObject({ name: "id", type: "INTEGER" });
    expect(text).not.toContain("order_number");
  });
});

describe("usage", () => {
  it("counts the records, keys and webhooks of this workspace only", async () => {
    const own = await makeWorkspace(customer, order);
    const usage = async () => expectStatus(await own.admin("GET", "/usage"), 200).body.data;
    const before = await usage();
    expect(before).toMatchObject({
      records: { Customer: 0, Order: 0 },
      keys: 1,
      webhooks: 0,
      pendingDeliveries: 0,
    });
    const { id } = await own.createKey();
    await own.createKey();
    expectStatus(await own.admin("DELETE", `/api-keys/${id}`), 204);
    const box = makeMailbox();
    await box.react({ fallback: { status: 500 } });
    const hook = await listen(own, box);
    const items = Array.from({ length: 100 }, (_, i) => ({
      ...alice,
      email: `${i}.${"x".repeat(60)}@example.com`,
    }));
    expectStatus(await own.api("POST", "/Customer/bulk", { body: items }), 200);
    const after = await usage();
    expect(after).toMatchObject({
      records: { Customer: 100, Order: 0 },
      keys: 2,
      webhooks: 1,
      pendingDeliveries: 100,
    });
    expect(after.bytes).toBeGreaterThan(before.bytes);
    expect(before.bytes).toBeGreaterThan(0);
    expectStatus(await own.admin("DELETE", `/webhooks/${hook.id}`), 204);
  });
});

describe("the cost", () => {
  it("of warm admin requests is one round trip", async () => {
    const counted: unknown[] = [];
    const count = async (method: string, path: string, body?: unknown) => {
      const asked = await askCounted(method, `/admin/v1${w.adminPath}${path}`, { token: ADMIN_TOKEN, body });
      expect(asked.answer.status, asked.answer.text).toBeLessThan(300);
      counted.push([`${method} ${path}`, asked.roundTrips]);
      return asked.answer.body?.data;
    };
    await w.admin("GET", "/entities");
    await count("GET", "");
    await count("GET", "/entities");
    await count("GET", "/entities/Customer");
    await count("POST", "/entities", { name: "Counted" });
    await w.admin("GET", "/entities");
    await count("DELETE", "/entities/Counted?confirm=Counted");
    const { id } = await count("POST", "/api-keys", { name: "k", permission: "READ_ONLY" });
    await count("GET", "/api-keys");
    await count("GET", `/api-keys/${id}`);
    await count("PATCH", `/api-keys/${id}`, { name: "renamed" });
    await count("POST", `/api-keys/${id}/rotate`, {});
    await count("POST", "/api-keys/sync");
    await count("DELETE", `/api-keys/${id}`);
    await count("PATCH", "", { name: "Counted" });
    expect(counted.filter((entry) => (entry as [string, number])[1] !== 1)).toEqual([]);
  });
});
