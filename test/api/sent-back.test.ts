import { beforeEach, describe, expect, it } from "vitest";
import { ask, expectFailure, expectStatus } from "../support/api.ts";
import { call, mcpOf } from "../support/mcp.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const user = {
  name: "User",
  columns: [
    { name: "email", type: "VARCHAR", unique: true, nullable: false },
    { name: "name", type: "VARCHAR", nullable: false },
    { name: "createdAt", type: "DATETIME", autoSet: "INSERT" },
    { name: "updatedAt", type: "DATETIME", autoSet: "UPDATE" },
  ],
};

let w: TestWorkspace;
let stored: Record<string, unknown>;
beforeEach(async () => {
  w = await makeWorkspace(user);
  const made = await w.api("POST", "/User", { body: { email: "a@x.com", name: "Ann" } });
  stored = expectStatus(made, 201).body.data;
});

const told = (field: string, message: string) => ({
  code: "VALIDATION_ERROR",
  message: "Validation failed: 1 error(s)",
  details: [{ field, message }],
});
const upsert = (items: object[], query = "") =>
  w.api("PUT", `/User/bulk?upsertBy=email${query}`, { body: items });
const current = async () => (await w.api("GET", "/User/1")).body.data;

describe("a record that was read can be sent back as it is", () => {
  it("alone, with a view, with If-Match, with an Idempotency-Key, and through MCP", async () => {
    expectStatus(await w.api("PUT", "/User/1", { body: stored }), 200);
    expectStatus(await w.api("PATCH", "/User/1?fields=name", { body: await current() }), 200);
    const { headers } = await w.api("GET", "/User/1");
    const conditional = { "If-Match": headers.get("ETag") ?? "", "Idempotency-Key": "k" };
    const body = await current();
    expectStatus(await w.api("PUT", "/User/1", { body, headers: conditional }), 200);
    expectStatus(await w.api("PUT", "/User/1", { body, headers: conditional }), 200);
    await mcpOf(w).setMode("FULL");
    const args = { entity: "User", id: 1, record: await current() };
    expect((await call(await mcpOf(w).connect(), "update", args)).isError).toBe(false);
  });

  it("in bulk, in an upsert and in a transaction", async () => {
    const done = { succeeded: 1, failed: 0 };
    expect((await w.api("PUT", "/User/bulk", { body: [await current()] })).body).toEqual(done);
    expect((await w.api("PUT", "/User/bulk?atomic=true", { body: [await current()] })).body).toEqual(done);
    expect((await upsert([await current()])).body).toEqual(done);
    expect((await upsert([await current()], "&atomic=true")).body).toEqual(done);
    const operations = [{ method: "PUT", entity: "User", id: 1, body: await current() }];
    expectStatus(await w.api("POST", "/transaction", { body: { operations } }), 200);
  });

  it("but not with another value of a read-only field", async () => {
    for (const createdAt of ["2026-01-01T00:00:00Z", null, 5, `${stored.createdAt}`.replace("Z", "1Z")]) {
      const body = { ...(await current()), createdAt };
      const problem = told("createdAt", "is read-only");
      expectFailure(await w.api("PUT", "/User/1", { body }), 422, problem);
      expectFailure(await w.api("PUT", "/User/1?fields=name", { body }), 422, problem);
      const failed = { succeeded: 0, failed: 1, errors: [{ index: 0, error: problem }] };
      expect((await w.api("PUT", "/User/bulk", { body: [body] })).body).toEqual(failed);
      expect((await upsert([body])).body).toEqual(failed);
      for (const atomic of [
        await w.api("PUT", "/User/bulk?atomic=true", { body: [body] }),
        await upsert([body], "&atomic=true"),
      ])
        expectFailure(atomic, 422, { ...problem, message: "Item 0: Validation failed: 1 error(s)" });
    }
    const missing = { ...stored, id: 9 };
    expectFailure(await w.api("PUT", "/User/9", { body: missing }), 404, {
      code: "NOT_FOUND",
      message: "Record not found: 9",
    });
    expect((await w.api("PUT", "/User/bulk", { body: [missing] })).body.errors[0].error.code).toBe(
      "NOT_FOUND",
    );
    expectFailure(await w.api("POST", "/User", { body: { ...stored, id: null } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 2 error(s)",
      details: ["createdAt", "updatedAt"].map((field) => ({ field, message: "is read-only" })),
    });
  });

  it("also by a key that may not read the target of a reference", async () => {
    await w.define({
      name: "Note",
      columns: [
        { name: "text", type: "VARCHAR" },
        { name: "userId", references: { entity: "User" } },
      ],
    });
    expectStatus(await w.api("POST", "/Note", { body: { text: "a", userId: 1 } }), 201);
    const { key } = await w.createKey({ scopes: [{ entity: "Note", operations: ["read", "update"] }] });
    const put = (body: object) => ask("PUT", `${w.apiPath}/Note/1`, { token: key, body });
    expectStatus(await put({ id: 1, text: "b", userId: 1 }), 200);
    expectFailure(await put({ userId: 2 }), 422, told("userId", "is read-only"));
    expectFailure(await put({ userId: null }), 422, told("userId", "is read-only"));
  });
});

describe("an upsert that names ids", () => {
  it("accepts the record's own id, gives a new record the sent id, and refuses another id", async () => {
    const items = [
      { email: "a@x.com", id: 1, name: "A" },
      { email: "b@x.com", id: 7, name: "B" },
      { email: "a@x.com", id: 2, name: "C" },
      { email: "c@x.com", id: 7, name: "D" },
      { email: "a@x.com", id: "1", name: "E" },
      { email: "d@x.com", id: null, name: "F" },
      { email: "e@x.com", id: "8", name: "G" },
    ];
    const { body } = await upsert(items);
    expect(body.errors).toEqual([
      { index: 2, error: told("id", "cannot be changed") },
      {
        index: 3,
        error: { code: "UNIQUE_CONSTRAINT_VIOLATION", message: "A record with id '7' already exists" },
      },
      { index: 4, error: told("id", "must be an integer") },
      { index: 6, error: told("id", "must be an integer") },
    ]);
    const { data } = (await w.api("GET", "/User?fields=id,email,name")).body;
    expect(data).toEqual([
      { id: 1, email: "a@x.com", name: "A" },
      { id: 7, email: "b@x.com", name: "B" },
      { id: 8, email: "d@x.com", name: "F" },
    ]);
    expect((await upsert([{ email: "a@x.com", id: 1 }])).body.succeeded).toBe(1);
    expectFailure(await upsert([{ email: "a@x.com", id: 9 }], "&atomic=true"), 422, {
      ...told("id", "cannot be changed"),
      message: "Item 0: Validation failed: 1 error(s)",
    });
  });
});

describe("an id", () => {
  it("beyond the bound for new ones, which was generated, can be sent with its record", async () => {
    expectStatus(
      await w.api("POST", "/User", { body: { id: 2 ** 52 - 1, email: "b@x.com", name: "B" } }),
      201,
    );
    const made = await w.api("POST", "/User", { body: { email: "c@x.com", name: "C" } });
    const record = expectStatus(made, 201).body.data;
    expect(record.id).toBe(2 ** 52);
    expectStatus(await w.api("PUT", `/User/${record.id}`, { body: record }), 200);
    const item = { id: record.id, email: "c@x.com", name: "C2" };
    for (const answer of [await w.api("PUT", "/User/bulk", { body: [item] }), await upsert([item])])
      expect(answer.body).toEqual({ succeeded: 1, failed: 0 });
  });

  it("of null counts as absent", async () => {
    const body = { id: null, email: "b@x.com", name: "B" };
    expect(expectStatus(await w.api("POST", "/User", { body }), 201).body.data.id).toBe(2);
    expectStatus(await w.api("PUT", "/User/2", { body }), 200);
    const more = [{ ...body, email: "c@x.com" }];
    expect((await w.api("POST", "/User/bulk", { body: more })).body.succeeded).toBe(1);
    const v = await makeWorkspace({ name: "Item", idType: "UUID", columns: [] });
    const made = await v.api("POST", "/Item", { body: { id: null } });
    expect(expectStatus(made, 201).body.data.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("of another JSON type is refused in bulk", async () => {
    const errors = [{ index: 0, error: told("id", "must be an integer") }];
    const failed = { succeeded: 0, failed: 1, errors };
    expect((await w.api("PUT", "/User/bulk", { body: [{ id: "1", name: "X" }] })).body).toEqual(failed);
    expect((await w.api("DELETE", "/User/bulk", { body: ["1"] })).body).toEqual(failed);
    expect((await current()).name).toBe("Ann");
  });

  it.each(['"1"', "1.5", "1.00000000000000000001"])("is not %s, in bulk and in transactions", async (id) => {
    const refused = told("id", "must be an integer");
    const failed = { succeeded: 0, failed: 1, errors: [{ index: 0, error: refused }] };
    for (const [method, body] of [
      ["PUT", `[{"id":${id},"name":"X"}]`],
      ["DELETE", `[${id}]`],
    ] as const)
      expect((await w.api(method, "/User/bulk", { body })).body).toEqual(failed);
    for (const rest of ['"method":"PUT","body":{"name":"X"}', '"method":"DELETE"']) {
      const body = `{"operations":[{"entity":"User","id":${id},${rest}}]}`;
      expectFailure(await w.api("POST", "/transaction", { body }), 422, {
        ...told("operations[0].id", "must be an integer"),
        message: "Operation 0: Validation failed: 1 error(s)",
      });
    }
    expect((await current()).name).toBe("Ann");
  });

  it("of a UUID entity is not a number, in bulk and in transactions", async () => {
    const v = await makeWorkspace({ name: "Item", idType: "UUID", columns: [] });
    const { body } = await v.api("DELETE", "/Item/bulk", { body: [5] });
    expect(body.errors).toEqual([{ index: 0, error: told("id", "must be a valid UUID") }]);
    const operations = [{ method: "DELETE", entity: "Item", id: 5 }];
    expectFailure(await v.api("POST", "/transaction", { body: { operations } }), 422, {
      ...told("operations[0].id", "must be a valid UUID"),
      message: "Operation 0: Validation failed: 1 error(s)",
    });
  });
});

describe("a value of a JSON column in a transaction", () => {
  it("is stored unchanged; elsewhere $literal does that", async () => {
    await w.define({
      name: "Doc",
      columns: [
        { name: "data", type: "JSON" },
        { name: "s", type: "VARCHAR" },
      ],
    });
    const values = [
      { $ref: "common.yaml" },
      { $ref: "a.s" },
      { $literal: { $ref: "a.s" } },
      { a: { $ref: "a.s" } },
    ];
    const operations = [
      { method: "POST", entity: "Doc", as: "a", body: { s: "text" } },
      ...values.map((data) => ({ method: "POST", entity: "Doc", body: { data, s: { $ref: "a.s" } } })),
      { method: "POST", entity: "Doc", body: { s: { $literal: "a.s" } } },
    ];
    const { data } = expectStatus(await w.api("POST", "/transaction", { body: { operations } }), 200).body;
    expect(data.slice(1, 5).map((record: { data: unknown }) => record.data)).toEqual(values);
    expect(data.map(({ s }: { s: string }) => s)).toEqual(["text", "text", "text", "text", "text", "a.s"]);
    const refused = await w.api("POST", "/transaction", {
      body: { operations: [{ method: "POST", entity: "Doc", body: { s: { $literal: { x: "a.s" } } } }] },
    });
    expect(refused.body.error.details).toEqual([{ field: "operations[0].s", message: "must be a string" }]);
  });
});
