import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, expectFailure, expectStatus, roundTripsOf } from "../support/api.ts";
import { customer, order } from "../support/entities.ts";
import { call, calling, callsThatRunNothing, type McpOfWorkspace, mcpOf } from "../support/mcp.ts";
import { listen, makeMailbox } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
let mcp: McpOfWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
  mcp = mcpOf(w);
});
beforeEach(() => mcp.setMode("FULL"));

describe("JSON that JavaScript objects cannot hold", () => {
  const raw = (name: string, args: string) =>
    mcp.post(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`,
    );

  it.each([
    ["a name that objects have", `{"__proto__":"x"}`, "Unknown field '__proto__' on Customer"],
    ["a number beyond all", `{"age":1e400}`, "Parameter 'filter' has a number that is too large"],
    [
      "such a number deeper",
      `{"or":[{"age":{"in":[-1e400]}}]}`,
      "Parameter 'filter' has a number that is too large",
    ],
  ])("is refused in a filter, never answered with everything: %s", async (_, filter, message) => {
    for (const [name, more] of [
      ["list", ""],
      ["aggregate", `,"measure":["count"]`],
    ] as const) {
      const { body } = await raw(name, `{"entity":"Customer","filter":${filter}${more}}`);
      expect(body.result.isError).toBe(true);
      expect(JSON.parse(body.result.content[0].text)).toEqual({ error: { code: "BAD_REQUEST", message } });
    }
  });

  it("is refused in a record", async () => {
    const { body } = await raw("create", `{"entity":"Customer","record":{"__proto__":1,"age":1e400}}`);
    const { error } = JSON.parse(body.result.content[0].text);
    expect(error.details).toContainEqual({ field: "__proto__", message: "is not a field of Customer" });
    expect(error.details).toContainEqual({ field: "age", message: "must be an integer" });
  });

  it.each(["list", "create"])("is not accepted where %s takes an object", async (name) => {
    const field = name === "list" ? "filter" : "record";
    for (const value of [...(name === "create" ? ["[]", "null"] : ["[1]"]), `"x"`, `"[1]"`, "1"]) {
      const { body } = await raw(name, `{"entity":"Customer","${field}":${value}}`);
      const { error } = JSON.parse(body.result.content[0].text);
      expect(error.details).toEqual([{ field, message: "must be an object" }]);
    }
  });
});

describe("input of models that does not follow the schema", () => {
  const list = async (args: object) => {
    const { body } = await mcp.post(calling("list", { entity: "Customer", ...args }));
    const answer = JSON.parse(body.result.content[0].text);
    expect(body.result.isError ?? false, JSON.stringify(answer)).toBe(false);
    return answer;
  };

  it("treats null and empty lists as absent", async () => {
    const absent = { filter: null, sort: null, fields: [], expand: [], page: null, size: null, count: null };
    expect(await list({ ...absent, cursor: null })).toEqual(await list({}));
  });

  it("reads objects and lists that are sent as JSON text", async () => {
    const record = JSON.stringify({ name: "By text", email: "text@example.com" });
    const { body } = await mcp.post(calling("create", { entity: "Customer", record }));
    expect(body.result.isError ?? false).toBe(false);
    const exact = JSON.stringify({ entity: "Customer", record: '{"age":9007199254740993}' });
    const inexact = await mcp.post(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create","arguments":${exact}}}`,
    );
    expect(JSON.parse(inexact.body.result.content[0].text).error.details).toContainEqual({
      field: "age",
      message: expect.stringMatching(/must be an integer|cannot be stored exactly/),
    });
    const asked = { filter: '{"name":"By text"}', fields: '["name"]', sort: '["name,desc"]' };
    expect((await list(asked)).data).toEqual([{ name: "By text" }]);
  });

  it("publishes a bound for every number and list", async () => {
    const { tools } = await (await mcp.connect()).listTools();
    const parameters = tools.flatMap(({ inputSchema }) => Object.entries(inputSchema.properties ?? {}));
    const lists = parameters.filter(([, schema]) => JSON.stringify(schema).includes('"type":"array"'));
    expect(lists.length).toBeGreaterThan(5);
    for (const [, schema] of lists) expect(schema).toMatchObject({ maxItems: expect.any(Number) });
    const { page, size } = Object.fromEntries(parameters);
    expect([page, size]).toMatchObject([{ maximum: 9_007_199_254_740 }, { minimum: 1, maximum: 1000 }]);
    await list({ page: 9_007_199_254_740, size: 1000 });
  });

  it("refuses longer lists before it reads them", async () => {
    const { body } = await mcp.post(
      calling("list", { entity: "Customer", sort: Array.from({ length: 9 }, () => "name") }),
    );
    const { error } = JSON.parse(body.result.content[0].text);
    expect(error.details).toEqual([{ field: "sort", message: "must have at most 8 items" }]);
  });
});

describe("the endpoint", () => {
  it.each(["application/json", "*/*", "text/event-stream", "application/json;q=0.9, text/plain"])(
    "answers a client that accepts %s",
    async (Accept) => {
      const answer = expectStatus(await mcp.post(calling("describe", {}), { headers: { Accept } }), 200);
      expect(answer.body.result.content).toHaveLength(1);
    },
  );

  it("serves a client without an Accept header", async () => {
    const answer = await ask("POST", mcp.path, { token: w.key, body: calling("describe", {}) });
    expectStatus(answer, 200);
  });

  it("has no subscriptions", async () => {
    const params = {
      notifications: {},
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    };
    const message = { jsonrpc: "2.0", id: 5, method: "subscriptions/listen", params };
    const headers = { "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen" };
    const { body } = await mcp.post(message, { headers });
    expect(body).toEqual({ jsonrpc: "2.0", id: 5, error: { code: -32601, message: "Method not found" } });
  });

  it("refuses pages of other origins, and writes nothing for them", async () => {
    const corsAllowedOrigins = ["https://app.example.com", "https://*.example.org"];
    expectStatus(await w.admin("PATCH", "", { body: { corsAllowedOrigins } }), 200);
    const record = { name: "Foreign", email: "foreign@example.com" };
    const messages = [
      calling("create", { entity: "Customer", record }),
      calling("describe", {}),
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
    ];
    for (const message of messages) {
      const refused = await mcp.post(message, { headers: { Origin: "https://evil.example.com" } });
      expectFailure(refused, 403, {
        code: "FORBIDDEN",
        message: "This origin may not use MCP in this workspace",
      });
      expectStatus(await mcp.post(messages[1], { headers: { Origin: "https://a.example.org" } }), 200);
    }
    expect((await w.api("GET", "/Customer?filter[name]=Foreign")).body.data).toEqual([]);
    expectStatus(await w.admin("PATCH", "", { body: { corsAllowedOrigins: null } }), 200);
  });

  it("costs one database round trip, for a call and for the list of tools", async () => {
    await w.api("GET", "/Customer");
    const counted: unknown[] = [];
    for (const message of [
      calling("list", { entity: "Customer", expand: ["orders"] }),
      calling("create", { entity: "Customer", record: { name: "One", email: "one@example.com" } }),
      calling("describe", {}),
      calling("aggregate", { entity: "Customer", measure: ["count"] }),
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
    ]) {
      const requestId = crypto.randomUUID();
      expectStatus(await mcp.post(message, { headers: { "X-Request-Id": requestId } }), 200);
      counted.push(await roundTripsOf(requestId));
    }
    expect(counted).toEqual([1, 1, 1, 1, 1]);
  });

  it("checks the caller in the database even for messages that call no tool", async () => {
    await w.api("GET", "/Customer");
    const counted: unknown[] = [];
    for (const [message, headers] of callsThatRunNothing) {
      const requestId = crypto.randomUUID();
      await mcp.post(message, { headers: { ...headers, "X-Request-Id": requestId } });
      counted.push(await roundTripsOf(requestId));
    }
    expect(counted).toEqual([1, 1, 1, 1, 1]);
  });

  it("publishes annotations for each tool, in few tokens", async () => {
    const { tools } = await (await mcp.connect()).listTools();
    const hints = tools.map(({ name, annotations: a }) => [
      name,
      a?.readOnlyHint,
      a?.destructiveHint,
      a?.idempotentHint,
    ]);
    expect(hints).toEqual([
      ["describe", true, false, true],
      ["list", true, false, true],
      ["get", true, false, true],
      ["create", false, false, false],
      ["update", false, true, false],
      ["delete", false, true, true],
      ["aggregate", true, false, true],
    ]);
    for (const { inputSchema } of tools) expect(inputSchema).toMatchObject({ type: "object" });
    const { filter } = tools[1]?.inputSchema.properties ?? {};
    expect(filter).toEqual({
      type: "object",
      description: expect.stringContaining("A plain value means eq"),
    });
    expect(JSON.stringify(tools).length).toBeLessThan(6_000);
  });

  it("delivers what tools have written to webhooks", async () => {
    const box = makeMailbox();
    const { id } = await listen(w, box);
    await call(await mcp.connect(), "create", {
      entity: "Customer",
      record: { name: "Heard", email: "h@example.com" },
    });
    const [message] = await box.messages(1);
    expect(message).toMatchObject({ type: "record.created", data: { record: { name: "Heard" } } });
    expectStatus(await w.admin("DELETE", `/webhooks/${id}`), 204);
  });

  it("has request ids, rates, origins and methods like every other endpoint", async () => {
    expectStatus(await w.admin("PATCH", "", { body: { rateLimit: 300 } }), 200);
    const answer = await mcp.post(calling("describe", {}), {
      headers: { Origin: "https://app.example.com" },
    });
    expect(answer.headers.get("RateLimit-Policy")).toBe('"key";q=300;w=60');
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(answer.headers.get("X-Request-Id")).toBeTruthy();
    expect(answer.headers.get("Vary")).toContain("Origin");
    const origins = ["https://app.example.com"];
    const settings = { rateLimit: null, corsAllowedOrigins: origins };
    expectStatus(await w.admin("PATCH", "", { body: settings }), 200);
    const allowed = await Promise.all(
      [...origins, "https://evil.example.com"].map(async (Origin) => {
        const { headers } = await mcp.post(calling("describe", {}), { headers: { Origin } });
        return headers.get("Access-Control-Allow-Origin");
      }),
    );
    expect(allowed).toEqual([...origins, null]);
    expectStatus(await w.admin("PATCH", "", { body: { corsAllowedOrigins: null } }), 200);
    for (const method of ["GET", "DELETE"]) {
      const refused = await ask(method, mcp.path, { token: w.key });
      expectFailure(refused, 405, { code: "METHOD_NOT_ALLOWED", message: expect.any(String) });
      expect(refused.headers.get("Allow")).toBe("POST, OPTIONS");
    }
    expectFailure(await ask("POST", mcp.path, { body: calling("list", {}) }), 401, {
      code: "UNAUTHORIZED",
      message: "Invalid API key",
    });
  });

  it.each([
    ["no JSON", "{", 400],
    ["a batch", [calling("describe", {}), calling("describe", {})], 400],
    ["nothing", "", 400],
    ["no message of JSON-RPC", { hello: "world" }, 400],
    ["what is too large", JSON.stringify(calling("list", { entity: "x".repeat(1_100_000) })), 413],
    ["what is too deep", `${"[".repeat(70)}${"]".repeat(70)}`, 400],
  ])("refuses %s", async (_, message, status) => {
    expect((await mcp.post(message)).status).toBe(status);
  });

  it("follows JSON-RPC for unknown methods and notifications", async () => {
    const unknown = await mcp.post({ jsonrpc: "2.0", id: 7, method: "resources/list" });
    expect(unknown.body).toMatchObject({ jsonrpc: "2.0", id: 7, error: { code: -32601 } });
    const strange = await mcp.post(calling("toString", {}));
    expect(strange.body).toMatchObject({ error: { code: -32602, message: "Unknown tool" } });
    const notified = await mcp.post({ jsonrpc: "2.0", method: "notifications/initialized" });
    expect([notified.status, notified.text]).toEqual([202, ""]);
    expect(
      (await mcp.post(calling("describe", {}), { headers: { "Content-Type": "text/plain" } })).status,
    ).toBe(415);
  });
});
