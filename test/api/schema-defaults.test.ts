import { describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace } from "../support/workspace.ts";

/* A default that fills missing values changes records, so it must satisfy every rule. */

const ITEM = {
  name: "Item",
  columns: [
    { name: "a", type: "VARCHAR" },
    { name: "b", type: "INTEGER" },
    { name: "c", type: "INTEGER" },
  ],
};
const withColumn = (index: number, options: object) => ({
  ...ITEM,
  columns: ITEM.columns.map((column, i) => (i === index ? { ...column, ...options } : column)),
});
const withRule = (constraint: object) => ({ ...ITEM, constraints: [constraint] });

describe("a default that fills records without a value", () => {
  it.each([
    {
      rule: "unique",
      definition: withColumn(0, { unique: true }),
      records: [{}, {}],
      change: { name: "a", default: "x" },
      problem: "2 existing records share a value with another (ids: 1, 2)",
    },
    {
      rule: "unique, where a record has it already",
      definition: withColumn(0, { unique: true }),
      records: [{ a: "x" }, {}],
      change: { name: "a", default: "x" },
      problem: "2 existing records share a value with another (ids: 1, 2)",
    },
    {
      rule: "UNIQUE_COMPOSITE",
      definition: withRule({ type: "UNIQUE_COMPOSITE", fields: ["b", "a"] }),
      records: [{ b: 1 }, { b: 1 }, { b: 2 }],
      change: { name: "a", default: "x" },
      problem: "2 existing records share the same b and a (ids: 1, 2)",
    },
    {
      rule: "FIELD_LESS_THAN",
      definition: withRule({ type: "FIELD_LESS_THAN", field: "b", otherField: "c" }),
      records: [{ c: 5 }, { c: 500 }],
      change: { name: "b", default: 100 },
      problem: "1 existing records break the rule FIELD_LESS_THAN (ids: 1)",
    },
    {
      rule: "CONDITIONAL_REQUIRED",
      definition: withRule({
        type: "CONDITIONAL_REQUIRED",
        field: "b",
        when: { field: "a", equals: "x" },
      }),
      records: [{ b: 1 }, {}],
      change: { name: "a", default: "x" },
      problem: "1 existing records break the rule CONDITIONAL_REQUIRED (ids: 2)",
    },
    {
      rule: "a reference",
      definition: {
        ...ITEM,
        columns: [...ITEM.columns, { name: "p", references: { entity: "Item", relationship: "parent" } }],
      },
      records: [{}, { p: 1 }],
      change: { name: "p", default: 999 },
      problem: "1 existing records refer to a missing Item (ids: 1)",
    },
  ])("keeps the rule $rule", async ({ definition, records, change: { name, ...change }, problem }) => {
    const w = await makeWorkspace(definition);
    for (const body of records) expectStatus(await w.api("POST", "/Item", { body }), 201);
    const before = (await w.api("GET", "/Item")).body;
    const { entities } = (await w.admin("GET", "/schema")).body.data;
    const columns = entities[0].columns.map((column: { name: string }) =>
      column.name === name ? { ...column, ...change, nullable: false } : column,
    );
    const dry = await w.admin("PUT", "/schema?dryRun=true", {
      body: { entities: [{ ...entities[0], columns }] },
    });
    expect(expectStatus(dry, 200).body.data.changes).toMatchObject([{ risk: "BLOCKED", reason: problem }]);
    const body = { ...change, nullable: false };
    const answer = await w.admin("PATCH", `/entities/Item/columns/${name}`, { body });
    expectFailure(answer, 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: expect.any(String), message: problem }],
    });
    expect((await w.api("GET", "/Item")).body).toEqual(before);
  });

  it("is a value that the column's own rules allow", async () => {
    const w = await makeWorkspace(withColumn(1, { constraints: [{ type: "MIN", value: 5 }] }));
    expectStatus(await w.api("POST", "/Item", { body: {} }), 201);
    const body = { nullable: false, default: 3 };
    expectFailure(await w.admin("PATCH", "/entities/Item/columns/b", { body }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "default", message: "must be at least 5" }],
    });
  });

  it("fills only records where it breaks no rule", async () => {
    const w = await makeWorkspace({
      ...withColumn(0, { unique: true }),
      constraints: [{ type: "FIELD_LESS_THAN", field: "b", otherField: "c" }],
    });
    for (const body of [{ a: "y", b: 1, c: 500 }, { c: 500 }])
      expectStatus(await w.api("POST", "/Item", { body }), 201);
    for (const [name, initial] of [
      ["a", "x"],
      ["b", 100],
    ]) {
      const body = { nullable: false, default: initial };
      expectStatus(await w.admin("PATCH", `/entities/Item/columns/${name}`, { body }), 200);
    }
    expect((await w.api("GET", "/Item")).body.data).toMatchObject([
      { a: "y", b: 1 },
      { a: "x", b: 100 },
    ]);
    expect((await w.api("POST", "/Item", { body: { a: "x", c: 500 } })).status).toBe(409);
  });
});
