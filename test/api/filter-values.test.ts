import { beforeAll, describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { call, mcpOf } from "../support/mcp.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace({
    name: "Event",
    columns: [
      { name: "at", type: "DATETIME" },
      { name: "total", type: "DECIMAL", precision: 12, scale: 2 },
      { name: "note", type: "TEXT" },
      { name: "extra", type: "JSON" },
    ],
  });
  const body = [
    { at: "2026-01-01T00:00:00.123Z", total: 0.5, note: "a" },
    { at: "2026-01-01T00:00:00.124Z", total: 5, note: null },
  ];
  expectStatus(await w.api("POST", "/Event/bulk", { body }), 200);
  await mcpOf(w).setMode("FULL");
});

async function idsOf(query: string): Promise<number[]> {
  const answer = expectStatus(await w.api("GET", `/Event?${query}`), 200);
  return answer.body.data.map(({ id }: { id: number }) => id);
}
const tree = (filter: object) => `filter=${encodeURIComponent(JSON.stringify(filter))}`;

describe("a time is compared with the exact instant", () => {
  const FINER = "2026-01-01T00:00:00.1235Z";
  const OFFSET = "2026-01-01T01:00:00.12350+01:00";
  it.each([
    ["lt", FINER, [1]],
    ["lte", FINER, [1]],
    ["gt", FINER, [2]],
    ["gte", FINER, [2]],
    ["eq", FINER, []],
    ["neq", FINER, [1, 2]],
    ["in", [FINER, "2026-01-01T00:00:00.124Z"], [2]],
    ["notIn", [FINER], [1, 2]],
    ["between", ["2026-01-01T00:00:00.123Z", FINER], [1]],
    ["between", [FINER, "2026-01-01T00:00:00.1241Z"], [2]],
    ["lt", OFFSET, [1]],
    ["eq", "2026-01-01T00:00:00.123000000Z", [1]],
    ["lt", "2026-01-01T00:00:00.123000001Z", [1]],
  ] as const)("%s %j", async (operator, value, ids) => {
    const text = typeof value === "string" ? value : value.join();
    expect(await idsOf(`filter[at.${operator}]=${encodeURIComponent(text)}`)).toEqual(ids);
    expect(await idsOf(tree({ at: { [operator]: value } }))).toEqual(ids);
  });

  it("by a rule too", async () => {
    const v = await makeWorkspace({
      name: "Event",
      columns: [
        { name: "at", type: "DATETIME", constraints: [{ type: "MIN", value: "2026-01-01T00:00:00.1235Z" }] },
        { name: "why", type: "TEXT" },
      ],
      constraints: [
        {
          type: "CONDITIONAL_REQUIRED",
          field: "why",
          when: { field: "at", equals: "2026-01-01T00:00:00.1245Z" },
        },
      ],
    });
    const post = (at: string) => v.api("POST", "/Event", { body: { at } });
    expectStatus(await post("2026-01-01T00:00:00.123Z"), 422);
    expectStatus(await post("2026-01-01T00:00:00.124Z"), 201);
  });
});

describe("lists without items", () => {
  it.each([
    [{ total: { in: [] } }, []],
    [{ total: { notIn: [] } }, [1, 2]],
    [{ and: [] }, [1, 2]],
    [{ or: [] }, []],
    [{ not: { or: [] } }, [1, 2]],
    [{ not: { and: [] } }, []],
    [{ or: [{ note: "a" }, { or: [] }] }, [1]],
    [{ or: [{ note: "a" }, { and: [] }] }, [1, 2]],
    [{ note: { notIn: [] }, or: [{ total: { in: [] } }, { note: null }] }, [2]],
  ])("%j", async (filter, ids) => {
    expect(await idsOf(tree(filter))).toEqual(ids);
    const { body } = await call(await mcpOf(w).connect(), "list", { entity: "Event", filter });
    expect(body.data.map(({ id }: { id: number }) => id)).toEqual(ids);
  });
});

describe("a DECIMAL in a query string", () => {
  it.each([
    ["filter[total]=.5", [1]],
    ["filter[total]=5.", [2]],
    ["filter[total.gt]=-.5", [1, 2]],
    ["filter[total.in]=.50,5.0", [1, 2]],
    ["filter[total]=5e-1", [1]],
  ])("%s", async (query, ids) => {
    expect(await idsOf(query)).toEqual(ids);
  });

  it.each([".", "-", "+5", "e5", ".e1", "5.5.5", "1e", ""])("%j is no number", async (text) => {
    expectFailure(await w.api("GET", `/Event?filter[total]=${encodeURIComponent(text)}`), 400, {
      code: "BAD_REQUEST",
      message: `Invalid value '${text}' for filter[total] — must be a number`,
    });
  });
});

describe("a filter or sort is refused", () => {
  it.each([
    [
      "cursor=&count=exact",
      "Parameter 'count' (exact) cannot be combined with 'cursor', which has no totals",
    ],
    ["sort=extra", "Cannot sort by 'extra' — it is JSON, which has no order"],
    [`filter[note.like]=${"x".repeat(1001)}`, "The text of 'like' for 'note' is longer than 1000 characters"],
    [
      tree({ note: { ilike: "x".repeat(1001) } }),
      "The text of 'ilike' for 'note' is longer than 1000 characters",
    ],
  ])("%s", async (query, message) => {
    expectFailure(await w.api("GET", `/Event?${query}`), 400, { code: "BAD_REQUEST", message });
  });

  it("a sort of groups that are JSON", async () => {
    const answer = await w.api("GET", "/Event/aggregate?measure=count&groupBy=extra&sort=extra");
    expectFailure(answer, 400, {
      code: "BAD_REQUEST",
      message: "Cannot sort by 'extra' — it is JSON, which has no order",
    });
  });

  it("but a text of 1,000 characters and a cursor without totals are accepted", async () => {
    expect(await idsOf(`filter[note.like]=${"🦄".repeat(1000)}`)).toEqual([]);
    expect(await idsOf("cursor=&count=none")).toEqual([1, 2]);
  });

  it("lists in a tool's arguments that are longer than any request needs", async () => {
    const client = await mcpOf(w).connect();
    const many = (count: number) => Array.from({ length: count }, () => "count");
    for (const args of [
      { measure: many(51) },
      { measure: ["count"], groupBy: many(9) },
      { measure: ["count"], sort: many(9) },
    ]) {
      const { isError, body } = await call(client, "aggregate", { entity: "Event", ...args });
      expect([isError, body.error.details[0].message]).toEqual([
        true,
        expect.stringMatching(/at most \d+ items/),
      ]);
    }
  });
});
