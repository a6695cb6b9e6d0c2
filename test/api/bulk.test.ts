import { beforeEach, describe, expect, it } from "vitest";
import { askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { customer, order } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeEach(async () => {
  w = await makeWorkspace(customer, order);
});

const person = (n: number, fields: object = {}) => ({ email: `p${n}@example.com`, name: `P${n}`, ...fields });
const bulk = (method: string, body: unknown, { query = "", headers = {}, entity = "Customer" } = {}) =>
  w.api(method, `/${entity}/bulk${query}`, { body, headers });
const names = async () => {
  const { body } = await w.api("GET", "/Customer?size=1000");
  return body.data.map(({ name }: { name: string }) => name);
};

describe("bulk create", () => {
  it("keeps good items, reports bad ones as the single request would, and lets later ones see earlier ones", async () => {
    const items = [
      person(1),
      person(2, { age: "x" }),
      person(1),
      person(3),
      "text",
      { id: 3 },
      person(4, { email: "p3@example.com" }),
    ];
    const answer = expectStatus(await bulk("POST", items), 200);
    const taken = (n: number) => ({
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: `A record with email 'p${n}@example.com' already exists`,
    });
    expect(answer.body).toEqual({
      succeeded: 2,
      failed: 5,
      errors: [
        {
          index: 1,
          error: {
            code: "VALIDATION_ERROR",
            message: "Validation failed: 1 error(s)",
            details: [{ field: "age", message: "must be an integer" }],
          },
        },
        { index: 2, error: taken(1) },
        { index: 4, error: { code: "BAD_REQUEST", message: "Request body must be a JSON object" } },
        {
          index: 5,
          error: {
            code: "VALIDATION_ERROR",
            message: "Validation failed: 2 error(s)",
            details: [
              { field: "email", message: "email is required" },
              { field: "name", message: "name is required" },
            ],
          },
        },
        { index: 6, error: taken(3) },
      ],
    });
    expect(await names()).toEqual(["P1", "P3"]);
  });

  it.each([
    "return=representation",
    "respond-async, return=representation",
    'return = "representation"; wait=5',
  ])("returns the records when asked to: %s", async (Prefer) => {
    const headers = { Prefer };
    const answer = await bulk("POST", [person(1), {}, person(2)], { headers });
    expect(answer.body.data.map((record: { name: string } | null) => record?.name)).toEqual([
      "P1",
      undefined,
      "P2",
    ]);
    expect(answer.body.data[1]).toBeNull();
    expect(answer.headers.get("Preference-Applied")).toBe("return=representation");
  });

  it.each(["return=minimal", 'return="representation', "return=representations", "x-return=representation"])(
    "returns no records for %s",
    async (Prefer) => {
      const answer = await bulk("POST", [person(1)], { headers: { Prefer } });
      expect(answer.body).toEqual({ succeeded: 1, failed: 0 });
    },
  );

  it("of 100 costs one round trip, and three at most when references fail", async () => {
    expectStatus(await w.api("GET", "/Customer"), 200);
    const items = Array.from({ length: 100 }, (_, n) => person(n));
    const good = await askCounted("POST", `${w.apiPath}/Customer/bulk`, { token: w.key, body: items });
    expect([good.answer.body, good.roundTrips]).toEqual([{ succeeded: 100, failed: 0 }, 1]);
    const orders = Array.from({ length: 100 }, (_, n) => ({
      orderNumber: `O${n}`,
      customerId: n < 50 ? 1 : 5000 + n,
    }));
    const bad = await askCounted("POST", `${w.apiPath}/Order/bulk`, { token: w.key, body: orders });
    expect(bad.answer.body.failed).toBe(50);
    expect(bad.answer.body.errors[49]).toEqual({
      index: 99,
      error: {
        code: "FOREIGN_KEY_VIOLATION",
        message: "Referenced customer_id '5099' does not exist in customers",
      },
    });
    expect(bad.roundTrips).toBeLessThanOrEqual(3);
  });

  it("lets no item refer to a later one", async () => {
    const parent = { entity: "Node", relationship: "parent", inverse: "children" };
    await w.define({ name: "Node", columns: [{ name: "parentId", references: parent }] });
    const items = [{ id: 1, parentId: 2 }, { id: 2 }, { id: 3, parentId: 2 }];
    expect((await bulk("POST", items, { entity: "Node" })).body).toEqual({
      succeeded: 2,
      failed: 1,
      errors: [
        {
          index: 0,
          error: {
            code: "FOREIGN_KEY_VIOLATION",
            message: "Referenced parent_id '2' does not exist in nodes",
          },
        },
      ],
    });
  });

  it("accepts 100 items with the maximum number of columns", async () => {
    const fields = Array.from({ length: 200 }, (_, i) => `field${i}`);
    await w.define({ name: "Wide", columns: fields.map((name) => ({ name, type: "INTEGER" })) });
    const item = (n: number) => Object.fromEntries(fields.map((name, i) => [name, n * i]));
    const items = Array.from({ length: 100 }, (_, n) => item(n));
    expect((await bulk("POST", items, { entity: "Wide" })).body).toEqual({ succeeded: 100, failed: 0 });
    expect((await w.api("GET", "/Wide/100")).body.data).toEqual({ id: 100, ...item(99) });
  });

  it.each([
    [{}, "Request body must be a non-empty JSON array"],
    [[], "Request body must be a non-empty JSON array"],
    [Array.from({ length: 101 }, (_, n) => person(n)), "Bulk requests are limited to 100 items"],
  ])("refuses a body that is no array of 1 to 100 items", async (body, message) => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      expectFailure(await bulk(method, body), 400, { code: "BAD_REQUEST", message });
    }
  });

  it("atomic is all or nothing and names the first failing item", async () => {
    const query = "?atomic=true";
    expectFailure(await bulk("POST", [person(1), person(2), person(1)], { query }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "Item 2: A record with email 'p1@example.com' already exists",
    });
    expectFailure(await bulk("POST", [person(1), { name: "x" }], { query }), 422, {
      code: "VALIDATION_ERROR",
      message: "Item 1: Validation failed: 1 error(s)",
      details: [{ field: "email", message: "email is required" }],
    });
    expect(await names()).toEqual([]);
    expect((await bulk("POST", [person(1), person(2)], { query })).body).toEqual({ succeeded: 2, failed: 0 });
  });

  it("atomic names the first failing item, whoever finds out: the API or the database", async () => {
    expectStatus(await bulk("POST", [person(1), person(2)]), 200);
    const query = "?atomic=true";
    expectFailure(await bulk("POST", [person(3), person(1), { name: "x" }], { query }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "Item 1: A record with email 'p1@example.com' already exists",
    });
    const missing = (id: string | number, item: number) => ({
      code: "NOT_FOUND",
      message: `Item ${item}: Record not found: ${id}`,
    });
    expectFailure(await bulk("DELETE", [1, 999, "abc"], { query }), 404, missing(999, 1));
    expectFailure(await bulk("DELETE", [1, 2, "abc"], { query }), 404, missing("abc", 2));
    const items = [
      { id: 999, age: 1 },
      { id: 1, age: "x" },
    ];
    expectFailure(await bulk("PUT", items, { query }), 404, missing(999, 0));
    expect(await names()).toEqual(["P1", "P2"]);
  });
});

describe("bulk update", () => {
  beforeEach(async () => {
    expectStatus(await bulk("POST", [person(1), person(2), person(3)]), 200);
  });

  it("changes the sent fields, item by item", async () => {
    const items = [
      { id: 1, name: "A" },
      { id: 99, name: "B" },
      { name: "C" },
      { id: "2", name: "D" },
      { id: 3 },
    ];
    const answer = await bulk("PUT", items, { headers: { Prefer: "return=representation" } });
    expect(answer.body).toMatchObject({ succeeded: 2, failed: 3 });
    expect(answer.body.errors).toEqual([
      { index: 1, error: { code: "NOT_FOUND", message: "Record not found: 99" } },
      {
        index: 2,
        error: {
          code: "VALIDATION_ERROR",
          message: "Validation failed: 1 error(s)",
          details: [{ field: "id", message: "id is required" }],
        },
      },
      { index: 3, error: expect.objectContaining({ code: "VALIDATION_ERROR" }) },
    ]);
    expect(await names()).toEqual(["A", "P2", "P3"]);
  });

  it("atomic writes nothing when one record is missing", async () => {
    const items = [
      { id: 1, name: "A" },
      { id: 99, name: "B" },
      { id: 2, name: "C" },
    ];
    expectFailure(await bulk("PUT", items, { query: "?atomic=true" }), 404, {
      code: "NOT_FOUND",
      message: "Item 1: Record not found: 99",
    });
    expect(await names()).toEqual(["P1", "P2", "P3"]);
  });

  it("upserts by a unique column", async () => {
    const items = [
      { email: "p1@example.com", name: "One" },
      person(4),
      { email: "p2@example.com", age: 5 },
      { email: "p9@example.com", age: 5 },
      { name: "x" },
    ];
    const answer = await bulk("PUT", items, { query: "?upsertBy=email" });
    expect(answer.body).toMatchObject({ succeeded: 3, failed: 2 });
    expect(answer.body.errors.map(({ error }: { error: { details: unknown } }) => error.details)).toEqual([
      [{ field: "name", message: "name is required" }],
      [{ field: "email", message: "email is required" }],
    ]);
    expect(await names()).toEqual(["One", "P2", "P3", "P4"]);
    expect((await w.api("GET", "/Customer?size=1")).body.meta.totalElements).toBe(4);
    expectFailure(await bulk("PUT", items, { query: "?upsertBy=email&atomic=true" }), 422, {
      code: "VALIDATION_ERROR",
      message: "Item 3: Validation failed: 1 error(s)",
      details: [{ field: "name", message: "name is required" }],
    });
    const absent = [
      { email: "p1@example.com", name: "Again" },
      { email: "p9@example.com", age: 5 },
    ];
    expectFailure(await bulk("PUT", absent, { query: "?upsertBy=email&atomic=true" }), 422, {
      code: "VALIDATION_ERROR",
      message: "Item 1: Validation failed: 1 error(s)",
      details: [{ field: "name", message: "name is required" }],
    });
    expect(await names()).toEqual(["One", "P2", "P3", "P4"]);
  });

  it("upserts by sent keys, not by inherited properties", async () => {
    await w.define({
      name: "Tool",
      columns: [
        { name: "toString", type: "VARCHAR", unique: true },
        { name: "size", type: "INTEGER" },
      ],
    });
    const answer = await bulk("PUT", [{ size: 1 }, { toString: "t" }], {
      entity: "Tool",
      query: "?upsertBy=toString",
    });
    expect(answer.body).toMatchObject({ succeeded: 1, failed: 1, errors: [{ index: 0 }] });
  });

  it.each(["?upsertBy=name", "?upsertBy=", "?upsertBy=email,name", "?atomic=maybe", "?upsert=email"])(
    "refuses %s",
    async (query) => {
      expectStatus(await bulk("PUT", [person(1)], { query }), 400);
    },
  );
});

describe("bulk delete", () => {
  it("deletes existing records once, and names the records that block a delete", async () => {
    expectStatus(await bulk("POST", [person(1), person(2), person(3)]), 200);
    expectStatus(await w.api("POST", "/Order", { body: { orderNumber: "A", customerId: 2 } }), 201);
    const answer = await bulk("DELETE", [1, 1, 2, "3", 99, "x", null, { a: 1 }, 3]);
    expect(answer.body.errors).toEqual([
      { index: 1, error: { code: "NOT_FOUND", message: "Record not found: 1" } },
      {
        index: 2,
        error: {
          code: "FOREIGN_KEY_VIOLATION",
          message: "Record 2 is still referenced by orders.customer_id",
        },
      },
      {
        index: 3,
        error: {
          code: "VALIDATION_ERROR",
          message: "Validation failed: 1 error(s)",
          details: [{ field: "id", message: "must be an integer" }],
        },
      },
      { index: 4, error: { code: "NOT_FOUND", message: "Record not found: 99" } },
      { index: 5, error: { code: "NOT_FOUND", message: "Record not found: x" } },
      { index: 6, error: { code: "NOT_FOUND", message: "Record not found: null" } },
      { index: 7, error: { code: "NOT_FOUND", message: 'Record not found: {"a":1}' } },
    ]);
    expect(await names()).toEqual(["P2"]);
  });

  it.each([
    ["POST", "/Customer", { email: "a@b.c", name: "A" }],
    ["POST", "/Customer/bulk", [{ email: "a@b.c", name: "A" }]],
    ["PUT", "/Customer/bulk", [{ id: 1, name: "A" }]],
    ["DELETE", "/Customer/bulk?atomic=true", [1]],
    ["PATCH", "/Customer?filter[id]=1&maxAffected=1", { name: "A" }],
    ["DELETE", "/Customer?filter[id]=1&maxAffected=1", undefined],
    ["POST", "/transaction", { operations: [{ method: "DELETE", entity: "Customer", id: 1 }] }],
  ])(
    "does not pass over If-Match or If-None-Match, which no request for new or several records can hold: %s %s",
    async (method, path, body) => {
      expectStatus(await bulk("POST", [person(1)]), 200);
      const before = (await w.api("GET", "/Customer")).text;
      for (const [header, tag] of [
        ["If-Match", "*"],
        ["If-Match", '"1-x"'],
        ["If-None-Match", "*"],
      ] as const)
        expectFailure(await w.api(method, path, { body, headers: { [header]: tag } }), 400, {
          code: "BAD_REQUEST",
          message: `${header} is for a request that changes one record — in a transaction, send ifMatch with an operation`,
        });
      expect((await w.api("GET", "/Customer")).text).toBe(before);
    },
  );

  it("obeys key and access mode like every write", async () => {
    const { key } = await w.createKey({ permission: "READ_ONLY" });
    expect((await w.api("DELETE", "/Customer/bulk", { token: key, body: [1] })).status).toBe(403);
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "READ_ONLY" } }), 200);
    expect((await bulk("POST", "not json")).status).toBe(409);
  });
});

it("changes large records without reading them back unless they are requested", async () => {
  const v = await makeWorkspace({
    name: "Doc",
    columns: [
      { name: "left", type: "TEXT" },
      { name: "right", type: "TEXT" },
      { name: "n", type: "INTEGER" },
    ],
  });
  const text = "x".repeat(99_000);
  const ids: number[] = [];
  for (let i = 0; i < 60; i += 4) {
    const body = Array.from({ length: 4 }, () => ({ left: text, right: text }));
    const headers = { Prefer: "return=representation" };
    const { data } = expectStatus(await v.api("POST", "/Doc/bulk", { body, headers }), 200).body;
    ids.push(...data.map(({ id }: { id: number }) => id));
  }
  const body = [...ids.map((id) => ({ id, n: 1 })), { id: 1_000_000, n: 1 }];
  const answer = expectStatus(await v.api("PUT", "/Doc/bulk", { body }), 200);
  expect(answer.body).toMatchObject({
    succeeded: 60,
    failed: 1,
    errors: [{ index: 60, error: { code: "NOT_FOUND" } }],
  });
});
