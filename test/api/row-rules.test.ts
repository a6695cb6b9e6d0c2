import { beforeAll, describe, expect, it } from "vitest";
import { type Asking, ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const definitions = [
  {
    name: "Customer",
    columns: [
      { name: "email", type: "VARCHAR", nullable: false, unique: true },
      { name: "country", type: "VARCHAR", indexed: true },
      { name: "score", type: "INTEGER" },
    ],
  },
  {
    name: "Order",
    columns: [
      { name: "number", type: "VARCHAR" },
      { name: "status", type: "VARCHAR", default: "NEW" },
      { name: "secret", type: "VARCHAR" },
      {
        name: "customerId",
        references: {
          entity: "Customer",
          relationship: "customer",
          inverse: "orders",
          onDelete: "CASCADE",
        },
      },
    ],
  },
];

let w: TestWorkspace;
/** Sees the customers of PT, and their orders without `secret`. Customer 1 is in PT, 2 is not. */
let partner: Awaited<ReturnType<typeof holder>>;

const EVERYTHING = ["read", "create", "update", "delete"];
const CUSTOMER = { entity: "Customer", operations: EVERYTHING, filter: { country: "PT" } };
const ORDER = {
  entity: "Order",
  operations: EVERYTHING,
  filter: { "customer.country": "PT" },
  fields: ["number", "status", "customerId"],
};

async function holder(scopes: readonly object[] | null) {
  const { id, key, body } = await createKey(scopes);
  const api = (method: string, path: string, asking: Asking = {}) =>
    ask(method, w.apiPath + path, { token: key, ...asking });
  return { id, key, api, body };
}

async function createKey(scopes: readonly object[] | null) {
  const body = { name: "partner", permission: "READ_WRITE", scopes };
  const answer = await w.admin("POST", "/api-keys", { body });
  expectStatus(answer, 201);
  return { ...answer.body.data, body: answer.body.data };
}

beforeAll(async () => {
  w = await makeWorkspace(...definitions);
  const customers = [
    { email: "pt@x", country: "PT", score: 1 },
    { email: "es@x", country: "ES", score: 2 },
  ];
  expectStatus(await w.api("POST", "/Customer/bulk", { body: customers }), 200);
  const orders = [
    { number: "a", customerId: 1, secret: "s1" },
    { number: "b", customerId: 2, secret: "s2" },
  ];
  expectStatus(await w.api("POST", "/Order/bulk", { body: orders }), 200);
  partner = await holder([CUSTOMER, ORDER]);
});

const notFound = (id: number) => ({ code: "NOT_FOUND", message: `Record not found: ${id}` });

describe("a record outside the filter does not exist", () => {
  it("to reads", async () => {
    const { api } = partner;
    expectFailure(await api("GET", "/Customer/2"), 404, notFound(2));
    expect((await api("GET", "/Customer/1")).body.data.email).toBe("pt@x");
    const list = await api("GET", "/Customer");
    expect(list.body).toMatchObject({ data: [{ id: 1 }], meta: { totalElements: 1 } });
    expect((await api("GET", "/Customer?count=none")).body.data).toHaveLength(1);
    expect((await api("GET", "/Customer?cursor=&size=1")).body.meta).toEqual({ size: 1, nextCursor: null });
    expect((await api("GET", "/Customer/aggregate?measure=count")).body.data).toEqual([{ count: 1 }]);
    expect((await api("GET", "/Customer/export?format=ndjson")).text.trim().split("\n")).toHaveLength(1);
    expect((await api("GET", "/Customer?filter[email]=es@x")).body.meta.totalElements).toBe(0);
    expect((await api("GET", "/Customer?expand=orders")).body.data[0].orders).toMatchObject([
      { number: "a" },
    ]);
  });

  it("to updates and deletes, single, in bulk and in a transaction", async () => {
    const { api } = partner;
    expectFailure(await api("PUT", "/Customer/2", { body: { score: 9 } }), 404, notFound(2));
    expectFailure(await api("PUT", "/Customer/2", { body: {} }), 404, notFound(2));
    expectFailure(await api("PUT", "/Customer/2?fields=id", { body: { score: 9 } }), 404, notFound(2));
    expectFailure(await api("DELETE", "/Customer/2"), 404, notFound(2));
    const bulk = await api("PUT", "/Customer/bulk", {
      body: [
        { id: 2, score: 9 },
        { id: 1, score: 1 },
      ],
    });
    expect(bulk.body).toEqual({
      succeeded: 1,
      failed: 1,
      errors: [{ index: 0, error: notFound(2) }],
    });
    const deleted = await api("DELETE", "/Customer/bulk", { body: [2] });
    expect(deleted.body).toMatchObject({ succeeded: 0, errors: [{ index: 0, error: notFound(2) }] });
    const operations = [{ method: "PUT", entity: "Customer", id: 2, body: { score: 9 } }];
    expectFailure(await api("POST", "/transaction", { body: { operations } }), 404, {
      code: "NOT_FOUND",
      message: "Operation 0: Record not found: 2",
    });
    expect((await w.api("GET", "/Customer/2")).body.data.score).toBe(2);
  });

  it("to references", async () => {
    const { api } = partner;
    const missing = (id: number) => ({
      code: "FOREIGN_KEY_VIOLATION",
      message: `Referenced customer_id '${id}' does not exist in customers`,
    });
    const body = { number: "x", customerId: 2 };
    expectFailure(await api("POST", "/Order", { body }), 400, missing(2));
    expectFailure(await api("POST", "/Order", { body: { ...body, customerId: 99 } }), 400, missing(99));
    expectFailure(await api("PUT", "/Order/1", { body: { customerId: 2 } }), 400, missing(2));
    const bulk = await api("POST", "/Order/bulk", { body: [body, { number: "y", customerId: 99 }] });
    expect(bulk.body.errors.map(({ error }: { error: unknown }) => error)).toEqual([missing(2), missing(99)]);
  });

  it("to an upsert, which responds that the value is taken", async () => {
    const { api } = partner;
    const taken = {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "A record with email 'es@x' already exists",
    };
    const body = { email: "es@x", country: "PT" };
    const path = "/Customer/bulk?upsertBy=email";
    expect((await api("PUT", path, { body: [body] })).body).toMatchObject({ errors: [{ error: taken }] });
    expectFailure(await api("PUT", `${path}&atomic=true`, { body: [body] }), 409, {
      ...taken,
      message: `Item 0: ${taken.message}`,
    });
    expectFailure(await api("POST", "/Customer", { body }), 409, taken);
    const mine = [
      { email: "pt@x", score: 5 },
      { email: "new@x", country: "PT" },
      { email: "fr@x", country: "FR" },
      { email: "pt@x", country: "FR" },
    ];
    const refused = (operation: string) => ({
      code: "FORBIDDEN",
      message: `This API key is not allowed to ${operation} this Customer`,
    });
    expect((await api("PUT", path, { body: mine })).body).toEqual({
      succeeded: 2,
      failed: 2,
      errors: [
        { index: 2, error: refused("create") },
        { index: 3, error: refused("update") },
      ],
    });
  });
});

describe("the result of a write must satisfy the check", () => {
  const refused = (operation: string) => ({
    code: "FORBIDDEN",
    message: `This API key is not allowed to ${operation} this Customer`,
  });

  it("by default the filter", async () => {
    const { api } = partner;
    const body = { email: "fr@x", country: "FR" };
    expectFailure(await api("POST", "/Customer", { body }), 403, refused("create"));
    expectFailure(await api("POST", "/Customer?fields=id", { body }), 403, refused("create"));
    expectFailure(await api("POST", "/Customer", { body: { email: "fr@x" } }), 403, refused("create"));
    expectFailure(await api("PUT", "/Customer/1", { body: { country: "FR" } }), 403, refused("update"));
    const bulk = await api("POST", "/Customer/bulk", { body: [body, { email: "ok@x", country: "PT" }] });
    expect(bulk.body).toEqual({ succeeded: 1, failed: 1, errors: [{ index: 0, error: refused("create") }] });
    expectFailure(await api("POST", "/Customer/bulk?atomic=true", { body: [body] }), 403, {
      ...refused("create"),
      message: "Item 0: This API key is not allowed to create this Customer",
    });
    expectStatus(await api("POST", "/Customer", { body: { email: "ok2@x", country: "PT" } }), 201);
  });

  it("or one of its own", async () => {
    const scope = { ...CUSTOMER, check: { score: { lt: 10 } } };
    const { api } = await holder([scope]);
    expectFailure(
      await api("POST", "/Customer", { body: { email: "s@x", score: 10 } }),
      403,
      refused("create"),
    );
    const created = await api("POST", "/Customer?fields=id,email", { body: { email: "s@x", score: 9 } });
    expectStatus(created, 201);
    expectFailure(await api("GET", `/Customer/${created.body.data.id}`), 404, notFound(created.body.data.id));
  });
});

describe("fields of a scope", () => {
  const detail = (field: string, message: string) => ({
    code: "VALIDATION_ERROR",
    message: "Validation failed: 1 error(s)",
    details: [{ field, message }],
  });

  it("are the only ones shown, and the others do not exist", async () => {
    const { api } = partner;
    const { body } = await api("GET", "/Order/1");
    expect(Object.keys(body.data)).toEqual(["id", "number", "status", "customerId"]);
    const unknown = { code: "BAD_REQUEST", message: "Unknown field 'secret' on Order" };
    expectFailure(await api("GET", "/Order?filter[secret]=s1"), 400, unknown);
    expectFailure(await api("GET", "/Order?sort=secret"), 400, unknown);
    const sent = { body: { number: "1", customerId: 1, secret: "x" } };
    expectFailure(await api("POST", "/Order", sent), 422, detail("secret", "is not a field of Order"));
    const created = await api("POST", "/Order", { body: { number: "c", customerId: 1 } });
    expect(Object.keys(created.body.data)).toEqual(["id", "number", "status", "customerId"]);
    expect((await api("GET", "")).text).not.toContain("secret");
    expect((await api("GET", "/openapi.json")).text).not.toContain("secret");
    const read = await api("GET", `/Order/${created.body.data.id}`);
    expect(read.headers.get("ETag")).toBe(created.headers.get("ETag"));
  });

  it("that may be written and not read take no changes relative to their value, which a refusal would tell", async () => {
    const own = await makeWorkspace({
      name: "Account",
      columns: [
        { name: "code", type: "VARCHAR", unique: true },
        { name: "balance", type: "INTEGER", constraints: [{ type: "MIN", value: 0 }] },
        { name: "list", type: "JSON" },
      ],
    });
    const stored = { id: 1, code: "a", balance: 42, list: [1] };
    expectStatus(await own.api("POST", "/Account", { body: stored }), 201);
    const scope = { entity: "Account", operations: EVERYTHING, fields: ["code"] };
    const { key } = await own.createKey({ scopes: [{ ...scope, writableFields: ["balance", "list"] }] });
    const send = (method: string, path: string, body: unknown) =>
      ask(method, own.apiPath + path, { token: key, body });
    const changes = [
      ["balance", { $increment: -43 }, "cannot be changed by $increment, because it cannot be read"],
      [
        "balance",
        { $default: 0, $increment: -1 },
        "cannot be changed by $increment, because it cannot be read",
      ],
      ["list", { $append: 2 }, "cannot be changed by $append, because it cannot be read"],
      ["list", { $remove: 1 }, "cannot be changed by $remove, because it cannot be read"],
    ] as const;
    for (const [field, change, message] of changes) {
      const refused = detail(field, message);
      const body = { [field]: change };
      expectFailure(await send("PATCH", "/Account/1", body), 422, refused);
      expectFailure(await send("PATCH", "/Account?filter[code]=a&maxAffected=1", body), 422, refused);
      const bulk = await send("PUT", "/Account/bulk", [{ id: 1, ...body }]);
      expect(bulk.body.errors).toEqual([{ index: 0, error: refused }]);
    }
    expect((await own.api("GET", "/Account/1")).body.data).toEqual(stored);
    expectStatus(await send("PATCH", "/Account/1", { balance: 5, list: [] }), 200);
    expectStatus(await send("POST", "/Account", { balance: { $increment: 1, $default: 2 } }), 201);
  });

  it("may be read-only, or set by the server", async () => {
    const scope = {
      entity: "Order",
      operations: EVERYTHING,
      writableFields: ["number"],
      presets: { secret: "preset", status: { value: "SEEN", on: "WRITE" } },
    };
    const { api } = await holder([scope]);
    const readOnly = (field: string) => detail(field, "is read-only");
    expectFailure(await api("POST", "/Order", { body: { customerId: 1 } }), 422, readOnly("customerId"));
    expectFailure(await api("POST", "/Order", { body: { secret: "x" } }), 422, readOnly("secret"));
    const created = await api("POST", "/Order", { body: { number: "p" } });
    expect(created.body.data).toMatchObject({ secret: "preset", status: "SEEN" });
    const id = created.body.data.id;
    expectStatus(await w.api("PUT", `/Order/${id}`, { body: { status: "OLD", secret: "kept" } }), 200);
    const changed = await api("PUT", `/Order/${id}`, { body: { number: "q" } });
    expect(changed.body.data).toMatchObject({ secret: "kept", status: "SEEN" });
    expectFailure(await api("PUT", `/Order/${id}`, { body: { status: "x" } }), 422, readOnly("status"));
  });
});

describe("rules", () => {
  it("cost no extra round trip", async () => {
    const { key } = partner;
    const requests: [string, string, unknown?][] = [
      ["GET", "/Customer"],
      ["GET", "/Customer/1?expand=orders"],
      ["POST", "/Order", { number: "z", customerId: 1 }],
      ["PUT", "/Customer/1", { score: 3 }],
      ["POST", "/Order/bulk", [{ number: "z", customerId: 1 }]],
      ["PUT", "/Customer/bulk?upsertBy=email", [{ email: "up@x", country: "PT" }]],
    ];
    for (const [method, path, body] of requests) {
      const asked = await askCounted(method, w.apiPath + path, { token: key, body });
      expect([path, asked.roundTrips, asked.answer.status < 300]).toEqual([path, 1, true]);
    }
  });

  it("are shown as set, follow renames, and end with the fields that they name", async () => {
    const own = await makeWorkspace({
      name: "Thing",
      columns: [
        { name: "owner", type: "VARCHAR" },
        { name: "size", type: "INTEGER" },
      ],
    });
    const scope = {
      entity: "Thing",
      operations: ["read"],
      filter: { or: [{ owner: { in: ["a", "b"] } }, { not: { size: { gt: 3 } } }] },
      fields: ["owner"],
    };
    const body = { name: "k", permission: "READ_ONLY", scopes: [scope] };
    const { id, key } = (await own.admin("POST", "/api-keys", { body })).body.data;
    const shown = async () => (await own.admin("GET", `/api-keys/${id}`)).body.data.scopes;
    expect(await shown()).toEqual([scope]);
    expectStatus(
      await own.api("POST", "/Thing/bulk", { body: [{ owner: "a" }, { owner: "c", size: 4 }] }),
      200,
    );
    expectStatus(
      await own.admin("PATCH", "/entities/Thing/columns/owner", { body: { name: "holder" } }),
      200,
    );
    const filter = { or: [{ holder: { in: ["a", "b"] } }, { not: { size: { gt: 3 } } }] };
    expect(await shown()).toEqual([{ ...scope, filter, fields: ["holder"] }]);
    const read = () => ask("GET", `${own.apiPath}/Thing`, { token: key });
    expect((await read()).body.data).toEqual([{ id: 1, holder: "a" }]);
    expectStatus(await own.admin("DELETE", "/entities/Thing/columns/size?confirm=size"), 204);
    expect((await read()).body.data).toEqual([]);
  });

  it.each([
    [{ filter: { nope: 1 } }, "scopes[0].filter", "Unknown field 'nope' on Order"],
    [{ check: { number: { gt: { $claim: "" } } } }, "scopes[0].check", /^Invalid operand/],
    [{ filter: { number: { $now: "P1D" } } }, "scopes[0].filter", /does not fit field 'number'/],
    [{ fields: ["number", "nope"] }, "scopes[0].fields[1]", "'nope' is not a field of Order"],
    [{ presets: { id: 5 } }, "scopes[0].presets.id", "is set by the server"],
    [{ presets: { customerId: "x" } }, "scopes[0].presets.customerId", "must be an integer"],
  ])("that do not fit the schema are refused: %j", async (rules, field, message) => {
    const scopes = [{ entity: "Order", operations: EVERYTHING, ...rules }];
    const body = { name: "k", permission: "READ_ONLY", scopes };
    const answer = await w.admin("POST", "/api-keys", { body });
    expect(answer.status).toBe(422);
    const [detail] = answer.body.error.details;
    expect(detail.field).toBe(field);
    expect(detail.message).toMatch(message);
  });

  it("that search without an index cause warnings", async () => {
    const { body } = await holder([
      { entity: "Order", operations: ["read"], filter: { status: "NEW" } },
      { entity: "Customer", operations: ["read"], filter: { country: "PT" } },
    ]);
    expect(body.warnings).toEqual([
      { field: "scopes[0].filter", message: "reads every Order: an index on Order.status would help" },
    ]);
  });

  it("of several scopes of one entity are alternatives", async () => {
    const { api } = await holder([
      { entity: "Customer", operations: ["read"] },
      { ...CUSTOMER, operations: ["read", "update"] },
    ]);
    expect((await api("GET", "/Customer/2")).status).toBe(200);
    expectFailure(await api("PUT", "/Customer/2", { body: { score: 9 } }), 404, notFound(2));
    expectStatus(await api("PUT", "/Customer/1", { body: { score: 4 } }), 200);
  });
});
