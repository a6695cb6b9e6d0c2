import { beforeAll, describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { call, mcpOf } from "../support/mcp.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const INEXACT = "cannot be stored exactly: send it as a string";
const SAFE = "must be an integer between -9007199254740991 and 9007199254740991";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace({
    name: "Reading",
    columns: [
      { name: "json", type: "JSON" },
      { name: "int", type: "INTEGER" },
      { name: "big", type: "BIGINT" },
      { name: "dec", type: "DECIMAL", precision: 15, scale: 2 },
      { name: "dbl", type: "DOUBLE" },
      { name: "text", type: "VARCHAR" },
    ],
  });
  expectStatus(await w.api("POST", "/Reading", { body: {} }), 201);
  await mcpOf(w).setMode("FULL");
});

const told = (field: string, message: string) => ({
  code: "VALIDATION_ERROR",
  message: "Validation failed: 1 error(s)",
  details: [{ field, message }],
});

/** Numbers that JSON can spell and a double cannot hold, by field. */
const LOSSY = [
  ["json", '{"tweet":1234567890123456789}', INEXACT],
  ["json", "[[0.1000000000000000055511151231257827]]", INEXACT],
  ["json", "9007199254740993", INEXACT],
  ["json", "1e-400", INEXACT],
  ["int", "9007199254740993", SAFE],
  ["int", "9007199254740990.9999", "must be an integer"],
  ["int", "1.00000000000000000001", "must be an integer"],
  ["big", "9007199254740993", INEXACT],
  ["big", "12345678901234567890123", INEXACT],
  ["big", "9007199254740993.5", "must be an integer"],
  ["dec", "1234567890123.45001", "must have at most 2 decimal places"],
  ["dec", "12345678901234567.25", "must be at most 9999999999999.99"],
  ["text", "9007199254740993", "must be a string"],
] as const;

describe("a number that would change silently is refused", () => {
  it.each(LOSSY)("in %s: %s", async (field, number, message) => {
    const body = `{"${field}":${number}}`;
    expectFailure(await w.api("POST", "/Reading", { body }), 422, told(field, message));
    expectFailure(await w.api("PUT", "/Reading/1", { body }), 422, told(field, message));
    const bulk = await w.api("POST", "/Reading/bulk", { body: `[${body}]` });
    expect(bulk.body).toEqual({
      succeeded: 0,
      failed: 1,
      errors: [{ index: 0, error: told(field, message) }],
    });
    const operation = `{"operations":[{"method":"POST","entity":"Reading","body":${body}}]}`;
    const refused = await w.api("POST", "/transaction", { body: operation });
    expect([refused.status, refused.body.error.details]).toEqual([
      422,
      [{ field: `operations[0].${field}`, message }],
    ]);
    const message2025 = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create","arguments":{"entity":"Reading","record":${body}}}}`;
    const { result } = (await mcpOf(w).post(message2025)).body;
    expect([result.isError, JSON.parse(result.content[0].text)]).toEqual([
      true,
      { error: told(field, message) },
    ]);
  });

  it("in the new revision of MCP too, also in a filter", async () => {
    const client = await mcpOf(w).connect();
    const big = JSON.rawJSON("9007199254740993");
    expect(await call(client, "create", { entity: "Reading", record: { big } })).toEqual({
      isError: true,
      body: { error: told("big", INEXACT) },
    });
    const { body } = await call(client, "list", { entity: "Reading", filter: { big } });
    expect(body.error.message).toBe(`Invalid value '9007199254740993' for 'big' in filter — ${INEXACT}`);
  });

  it.each(LOSSY.filter(([field]) => field !== "json"))(
    "in a filter on %s: %s",
    async (field, number, message) => {
      for (const filter of [`{"${field}":${number}}`, `{"${field}":{"in":[${number}]}}`]) {
        const answer = await w.api("GET", `/Reading?filter=${encodeURIComponent(filter)}`);
        expectFailure(answer, 400, {
          code: "BAD_REQUEST",
          message: `Invalid value '${number}' for '${field}' in filter — ${message}`,
        });
      }
    },
  );

  it.each([
    [
      "columns[0].constraints[0].value",
      '"type":"BIGINT","constraints":[{"type":"MIN","value":9007199254740993}]',
    ],
    ["columns[0].default", '"type":"JSON","default":1234567890123456789'],
    ["columns[0].default.a[0]", '"type":"JSON","default":{"a":[1234567890123456789]}'],
    ["columns[0].length", '"type":"VARCHAR","length":1234567890123456789'],
  ])("in a definition, at %s", async (field, column) => {
    const body = `{"name":"Bad","columns":[{"name":"v",${column}}]}`;
    expectFailure(await w.admin("POST", "/entities", { body }), 422, told(field, INEXACT));
    const document = await w.admin("PUT", "/schema", { body: `{"entities":[${body}]}` });
    expectFailure(document, 422, told(`entities[0].${field}`, INEXACT));
  });

  it("in the condition of a rule", async () => {
    const when = '{"field":"v","equals":9007199254740993}';
    const body = `{"name":"Bad","columns":[{"name":"v","type":"BIGINT"},{"name":"u","type":"TEXT"}],"constraints":[{"type":"CONDITIONAL_REQUIRED","field":"u","when":${when}}]}`;
    expectFailure(
      await w.admin("POST", "/entities", { body }),
      422,
      told("constraints[0].when.equals", INEXACT),
    );
  });
});

describe("numbers that a double holds stay the same", () => {
  it.each([
    ["dbl", "0.1000000000000000055511151231257827", 0.1],
    ["dbl", "1234567890123456789", 1234567890123456800],
    ["dbl", "1e-400", 0],
    ["int", "5.000000000000000000000000", 5],
    ["int", "9.007199254740991e15", 9007199254740991],
    ["big", '"9007199254740993"', "9007199254740993"],
    ["dec", "1234567890123.4500000000000000", 1234567890123.45],
    ["dec", "0.000000000000000000000e9999", 0],
    [
      "json",
      '{"a":[0.30000000000000004,1e21,-5e-324,1.50]}',
      { a: [0.30000000000000004, 1e21, -5e-324, 1.5] },
    ],
    ["json", '{"a":"1234567890123456789"}', { a: "1234567890123456789" }],
    [
      "json",
      '{"__proto__":{"a":1},"x":123456789012345680000}',
      JSON.parse('{"__proto__":{"a":1},"x":123456789012345680000}'),
    ],
  ])("in %s: %s", async (field, number, stored) => {
    const made = expectStatus(await w.api("POST", "/Reading", { body: `{"${field}":${number}}` }), 201);
    expect(JSON.stringify(made.body.data[field])).toBe(JSON.stringify(stored));
  });

  it("a DOUBLE's filter rounds, as the column does", async () => {
    expectStatus(await w.api("POST", "/Reading", { body: { dbl: 0.7 } }), 201);
    const filter = encodeURIComponent('{"dbl":0.69999999999999995559107901499}');
    expect((await w.api("GET", `/Reading?filter=${filter}`)).body.data).toHaveLength(1);
  });
});
