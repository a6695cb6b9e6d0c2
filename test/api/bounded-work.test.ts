import { describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { calling, mcpOf } from "../support/mcp.ts";
import { makeWorkspace } from "../support/workspace.ts";

describe("a body of many faults", () => {
  it("shows 100 details, of which the last counts the rest", async () => {
    const w = await makeWorkspace({ name: "Note", columns: [{ name: "text", type: "TEXT" }] });
    const name = (i: number) => `f${i.toString(36)}`;
    const unknown = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), 1]));
    const refused = await w.api("POST", "/Note", { body: unknown(100_000) });
    expect([refused.status, refused.body.error.message]).toEqual([422, "Validation failed: 100000 error(s)"]);
    expect(refused.body.error.details).toHaveLength(100);
    expect(refused.body.error.details[98]).toEqual({ field: name(98), message: "is not a field of Note" });
    expect(refused.body.error.details[99]).toEqual({ field: "", message: "and 99901 more" });
    const whole = await w.api("POST", "/Note", { body: unknown(100) });
    expect(whole.body.error.details[99]).toEqual({ field: name(99), message: "is not a field of Note" });
    const bulk = await w.api("POST", "/Note/bulk", { body: [unknown(101), unknown(1)] });
    expect(
      bulk.body.errors.map(({ error }: { error: { details: object[] } }) => error.details.length),
    ).toEqual([100, 1]);
    const operations = [0, 1].map(() => ({ method: "POST", entity: "Note", body: unknown(200) }));
    const { error } = (await w.api("POST", "/transaction", { body: { operations } })).body;
    expect([error.message, error.details.length, error.details[99]]).toEqual([
      "Operation 0: Validation failed: 400 error(s)",
      100,
      { field: "", message: "and 301 more" },
    ]);
    const definition = { name: "Bad", ...unknown(150) };
    const admin = await w.admin("POST", "/entities", { body: definition });
    expect([admin.status, admin.body.error.details.length]).toEqual([422, 100]);
  });
});

describe("an MCP message of very many properties", () => {
  it("is refused, because checking it would take long", async () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, { x: 1 }]));
    const w = await makeWorkspace({ name: "Note", columns: [{ name: "text", type: "TEXT" }] });
    const mcp = mcpOf(w);
    await mcp.setMode("FULL");
    const call = calling("describe", {});
    const withMany = (count: number) => [
      { ...call, ...many(count) },
      { ...call, params: { ...call.params, ...many(count) } },
      { ...call, params: { ...call.params, _meta: many(count) } },
      { ...call, params: { ...call.params, _meta: { list: Object.keys(many(2 * count)) } } },
      calling("describe", many(2 * count)),
      { jsonrpc: "2.0", id: 1, method: "tools/list", params: many(count) },
      { jsonrpc: "2.0", method: "notifications/initialized", params: many(count) },
    ];
    for (const message of withMany(501)) {
      const { status, body } = await mcp.post(message);
      expect([status, body.error]).toEqual([
        400,
        {
          code: "BAD_REQUEST",
          message: "A message has at most 1000 properties, not counting those in the values of arguments",
        },
      ]);
    }
    for (const message of withMany(490)) expect((await mcp.post(message)).text).not.toContain("at most 1000");
    const wide = await mcp.post(calling("create", { entity: "Note", record: many(2_000) }));
    expect(wide.text).toContain("Validation failed: 2000 error(s)");
  });
});

describe("texts that patterns would take too long for", () => {
  const tooCostly = {
    code: "BAD_REQUEST",
    message:
      "Matching the patterns would take more than 5000000 RE2 instructions × characters — send fewer or shorter texts",
  };

  it("are refused in every kind of request", async () => {
    const constraints = [{ type: "PATTERN", value: "(\\pL{1,200}\\d)?" }];
    const w = await makeWorkspace({
      name: "Note",
      columns: [
        { name: "text", type: "TEXT", constraints },
        { name: "code", type: "VARCHAR", length: 40, unique: true },
      ],
    });
    const text = "a".repeat(9_000);
    const items = Array.from({ length: 10 }, (_, i) => ({ text, code: `c${i}` }));
    expectStatus(await w.api("POST", "/Note", { body: { text, code: "x" } }), 201);
    const operations = items.map((body) => ({ method: "POST", entity: "Note", body }));
    for (const answer of [
      await w.api("POST", "/Note/bulk", { body: items }),
      await w.api("POST", "/Note/bulk?atomic=true", { body: items }),
      await w.api("PUT", "/Note/bulk?upsertBy=code", { body: items }),
      await w.api("PUT", "/Note/bulk", { body: items.map(() => ({ id: 1, text })) }),
      await w.api("POST", "/transaction", { body: { operations } }),
    ])
      expectFailure(answer, 400, tooCostly);
    expect((await w.api("GET", "/Note")).body.meta.totalElements).toBe(1);
  });
});
