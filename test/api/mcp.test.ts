import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { call, calling, callsThatRunNothing, type McpOfWorkspace, mcpOf, toolsOf } from "../support/mcp.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Uses the SDK's own client. Messages that no client would send are sent by hand. */

const ALL = ["describe", "list", "get", "create", "update", "delete", "aggregate"];
const READING = ["describe", "list", "get", "aggregate"];

let w: TestWorkspace;
let mcp: McpOfWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
  mcp = mcpOf(w);
});
beforeEach(() => mcp.setMode("FULL"));

describe.each(["auto", "legacy"] as const)("a client of the SDK (%s)", (mode) => {
  it("describes, writes, reads, counts and deletes", async () => {
    const client = await mcp.connect(w.key, mode);
    expect(await toolsOf(client)).toEqual(ALL);
    const overview = (await call(client, "describe")).body;
    expect(overview).toMatchObject({
      workspace: w.workspace,
      entities: [
        { name: "Customer", relationships: ["orders → Order"] },
        { name: "Order", relationships: ["customer → Customer"] },
      ],
    });
    const { columns } = (await call(client, "describe", { entity: "Customer" })).body;
    expect(columns[1]).toMatchObject({ name: "email", type: "VARCHAR", unique: true });

    const email = `${crypto.randomUUID()}@example.com`;
    const created = await call(client, "create", { entity: "Customer", record: { ...alice, email } });
    const { id } = created.body.data;
    expect(created).toMatchObject({ isError: false, body: { data: { email }, etag: expect.any(String) } });
    const found = await call(client, "get", { entity: "Customer", id, fields: ["id", "name"] });
    expect(found.body.data).toEqual({ id, name: "Alice" });
    const changed = await call(client, "update", {
      entity: "Customer",
      id,
      record: { age: 31 },
      ifMatch: created.body.etag,
    });
    expect(changed.body.data).toMatchObject({ email, age: 31 });
    const listed = await call(client, "list", {
      entity: "Customer",
      filter: { email, age: { gte: 31 } },
      sort: ["age,desc", "name"],
      expand: ["orders"],
      size: 5,
    });
    expect(listed.body).toMatchObject({
      data: [{ name: "Alice", age: 31, orders: [] }],
      meta: { totalElements: 1, size: 5 },
    });
    const counted = await call(client, "aggregate", {
      entity: "Customer",
      measure: ["count", "avg,age"],
      groupBy: ["vip"],
      filter: { email },
    });
    expect(counted.body.data).toEqual([{ vip: false, count: 1, avg: { age: 31 } }]);
    expect((await call(client, "delete", { entity: "Customer", id })).body).toEqual({ deleted: id });
    expect(await call(client, "get", { entity: "Customer", id })).toEqual({
      isError: true,
      body: { error: { code: "NOT_FOUND", message: `Record not found: ${id}` } },
    });
    await client.close();
  });

  it("names a record by a unique field", async () => {
    const client = await mcp.connect(w.key, mode);
    const email = `${crypto.randomUUID()}@example.com`;
    const { body } = await call(client, "create", { entity: "Customer", record: { ...alice, email } });
    const named = { entity: "Customer", by: "email", id: email };
    expect((await call(client, "get", { ...named, fields: ["id"] })).body.data).toEqual({ id: body.data.id });
    const changed = await call(client, "update", { ...named, record: { age: 41 }, ifMatch: body.etag });
    expect(changed.body.data).toMatchObject({ email, age: 41 });
    const late = await call(client, "delete", { ...named, ifMatch: body.etag });
    expect(late.body.error.code).toBe("PRECONDITION_FAILED");
    expect((await call(client, "delete", named)).body).toEqual({ deleted: email });
    expect((await call(client, "get", named)).body.error.message).toBe(
      `Record not found: {email: '${email}'}`,
    );
    const unusable = await call(client, "get", { ...named, by: "name" });
    expect(unusable.body.error.message).toBe("Field 'name' on Customer is not unique — use email");
    await client.close();
  });

  it("gets errors that tell a model what to correct", async () => {
    const client = await mcp.connect(w.key, mode);
    expect(await call(client, "create", { entity: "Customer", record: { age: "old" } })).toEqual({
      isError: true,
      body: {
        error: {
          code: "VALIDATION_ERROR",
          message: "Validation failed: 3 error(s)",
          details: [
            { field: "email", message: "email is required" },
            { field: "name", message: "name is required" },
            { field: "age", message: "must be an integer" },
          ],
        },
      },
    });
    expect((await call(client, "list", { entity: "Custmer" })).body.error.code).toBe("NOT_FOUND");
    expect((await call(client, "list", { entity: "Customer", sort: ["agee"] })).body.error.message).toContain(
      "age",
    );
    for (const [id, message] of [
      [undefined, "is required"],
      [1.5, "must be a string or an integer"],
    ]) {
      const { body } = await call(client, "get", { entity: "Customer", id });
      expect(body.error.details).toEqual([{ field: "id", message }]);
    }
    const wrong = await call(client, "list", { entity: "Customer", size: "many", colour: 1 });
    expect(wrong.body.error.details).toEqual([
      { field: "size", message: "must be a number" },
      { field: "colour", message: "is not a known property" },
    ]);
    await expect(client.callTool({ name: "drop_tables", arguments: {} })).rejects.toThrow("Unknown tool");
    await client.close();
  });
});

describe("the rights of a key", () => {
  it("decide which tools it sees: a READ_ONLY key gets tools that read, and cannot call others", async () => {
    const { key } = await w.createKey({ permission: "READ_ONLY" });
    const client = await mcp.connect(key);
    expect(await toolsOf(client)).toEqual(READING);
    const refused = await call(client, "create", { entity: "Customer", record: alice });
    expect(refused).toMatchObject({ isError: true, body: { error: { code: "FORBIDDEN" } } });
  });

  it("are limited by its scopes: nothing reveals other entities", async () => {
    const scopes = [{ entity: "Customer", operations: ["read", "update"] }];
    const client = await mcp.connect((await w.createKey({ scopes })).key);
    expect(await toolsOf(client)).toEqual(["describe", "list", "get", "update", "aggregate"]);
    const seen = JSON.stringify([
      await client.listTools(),
      await call(client, "describe"),
      await call(client, "describe", { entity: "Customer" }),
      await call(client, "list", { entity: "Customer", sort: ["related.total"] }),
    ]);
    expect(seen).not.toMatch(/order/i);
    const [hidden, absent] = [
      await call(client, "describe", { entity: "Order" }),
      await call(client, "describe", { entity: "Nothing" }),
    ];
    expect(JSON.stringify(hidden).replace("Order", "Nothing")).toBe(JSON.stringify(absent));
    const expanded = await call(client, "list", { entity: "Customer", expand: ["orders"] });
    expect(expanded.isError).toBe(true);
    const created = await call(client, "create", { entity: "Customer", record: alice });
    expect(created.body.error).toEqual({
      code: "FORBIDDEN",
      message: "This API key is not allowed to create Customer",
    });
  });

  it("always include describe", async () => {
    const scopes = [{ entity: "Customer", operations: ["create"] }];
    const client = await mcp.connect((await w.createKey({ scopes })).key);
    expect(await toolsOf(client)).toEqual(["describe", "create"]);
    expect((await call(client, "describe")).body.entities).toMatchObject([{ name: "Customer" }]);
    await mcp.setMode("READ_ONLY");
    expect(await toolsOf(client)).toEqual([]);
  });

  it("end with its revocation: the next request is 401, whatever it contains", async () => {
    const { id, key } = await w.createKey();
    const client = await mcp.connect(key);
    expect((await call(client, "list", { entity: "Customer" })).isError).toBe(false);
    expectStatus(await w.admin("DELETE", `/api-keys/${id}`), 204);
    await expect(call(client, "list", { entity: "Customer" })).rejects.toThrow();
    for (const message of [
      calling("list", { entity: "Customer" }),
      calling("list", { colour: 1 }),
      calling("nothing", {}),
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      "{",
      "[]",
    ])
      expectFailure(await mcp.post(message, { token: key }), 401, {
        code: "UNAUTHORIZED",
        message: "Invalid API key",
      });
  });

  it("apply from its addresses and in its workspace only", async () => {
    const { key } = await w.createKey({ allowedIps: ["203.0.113.7"] });
    const headers = { "CF-Connecting-IP": "203.0.113.8" };
    const answer = await mcp.post(calling("list", { entity: "Customer" }), { token: key, headers });
    expectFailure(answer, 403, {
      code: "FORBIDDEN",
      message: "This API key is not allowed from this address",
    });
    const other = await makeWorkspace(customer);
    const foreign = await mcp.post(calling("list", { entity: "Customer" }), { token: other.key });
    expect(foreign.body).toEqual((await w.api("GET", "/Customer", { token: other.key })).body);
    expect(foreign.status).toBe(401);
  });
});

describe("the workspace's mcpMode", () => {
  const disabled = { code: "FORBIDDEN", message: "MCP is disabled in this workspace" };

  it("is DISABLED at first", async () => {
    const fresh = await makeWorkspace();
    expect((await fresh.admin("GET", "")).body.data.mcpMode).toBe("DISABLED");
    expectFailure(await w.admin("PATCH", "", { body: { mcpMode: "OPEN" } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "mcpMode", message: "must be one of: DISABLED, READ_ONLY, FULL" }],
    });
  });

  it("DISABLED refuses everything from the next request on", async () => {
    const client = await mcp.connect();
    await mcp.setMode("DISABLED");
    await expect(call(client, "list", { entity: "Customer" })).rejects.toThrow();
    for (const message of [
      calling("list", { entity: "Customer" }),
      calling("create", { entity: "Customer", record: alice }),
      { jsonrpc: "2.0", id: 1, method: "ping" },
      { jsonrpc: "2.0", method: "notifications/initialized" },
    ])
      expectFailure(await mcp.post(message), 403, disabled);
    for (const [message, headers] of callsThatRunNothing)
      expectFailure(await mcp.post(message, { headers }), 403, disabled);
    expectStatus(await w.api("GET", "/Customer"), 200);
  });

  it("READ_ONLY allows reads only, from the next request on", async () => {
    const client = await mcp.connect();
    await mcp.setMode("READ_ONLY");
    expect(await toolsOf(client)).toEqual(READING);
    expect((await call(client, "list", { entity: "Customer" })).isError).toBe(false);
    expect(await call(client, "create", { entity: "Customer", record: alice })).toEqual({
      isError: true,
      body: { error: { code: "FORBIDDEN", message: "MCP is read-only in this workspace" } },
    });
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "READ_ONLY" } }), 200);
    await mcp.setMode("FULL");
    const refused = await call(client, "create", { entity: "Customer", record: alice });
    expect(refused.body.error).toMatchObject({ code: "WORKSPACE_STATUS" });
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "ACTIVE" } }), 200);
  });
});
