import { beforeAll, describe, expect, it } from "vitest";
import { type Asking, ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const to = (entity: string, relationship: string, inverse: string | null, onDelete = "CASCADE") => ({
  entity,
  relationship,
  inverse,
  onDelete,
});
const definitions = [
  { name: "Customer", columns: [{ name: "email", type: "VARCHAR", unique: true }] },
  {
    name: "Product",
    columns: [
      { name: "sku", type: "VARCHAR", unique: true },
      { name: "stock", type: "INTEGER", default: 0 },
    ],
  },
  { name: "Tag", columns: [{ name: "label", type: "VARCHAR", unique: true }] },
  {
    name: "Order",
    columns: [
      { name: "code", type: "VARCHAR", unique: true },
      { name: "customerId", references: to("Customer", "customer", "orders") },
    ],
  },
  {
    name: "OrderLine",
    columns: [
      { name: "orderId", nullable: false, references: to("Order", "order", "lines") },
      { name: "productId", nullable: false, references: to("Product", "product", null, "RESTRICT") },
      { name: "quantity", type: "INTEGER", nullable: false, constraints: [{ type: "MIN", value: 1 }] },
      { name: "serial", type: "VARCHAR", unique: true },
    ],
  },
  {
    name: "Discount",
    columns: [
      { name: "lineId", nullable: false, unique: true, references: to("OrderLine", "line", "discounts") },
      { name: "percent", type: "INTEGER", nullable: false },
    ],
  },
  {
    name: "OrderTag",
    columns: [
      { name: "orderId", nullable: false, references: to("Order", "order", null) },
      { name: "tagId", nullable: false, references: to("Tag", "tag", null) },
    ],
    constraints: [{ type: "UNIQUE_COMPOSITE", fields: ["orderId", "tagId"] }],
  },
  {
    name: "Folder",
    idType: "UUID",
    columns: [
      { name: "name", type: "VARCHAR", nullable: false, unique: true },
      { name: "parentId", references: to("Folder", "parent", "children") },
      { name: "customerId", references: to("Customer", "owner", null) },
    ],
  },
];

let w: TestWorkspace;
let made = 0;
const code = () => `o${made++}`;
const countOf = async (entity: string) => (await w.api("GET", `/${entity}?size=1`)).body.meta.totalElements;
const post = (body: object, path = "/Order", headers = {}) => w.api("POST", path, { body, headers });
const invalid = (details: readonly (readonly [string, string])[], prefix = "") => ({
  code: "VALIDATION_ERROR",
  message: `${prefix}Validation failed: ${details.length} error(s)`,
  details: details.map(([field, message]) => ({ field, message })),
});

/** Nothing is left of a request that is refused. */
async function expectRefused(asking: () => ReturnType<typeof post>, status: number, error: object) {
  const entities = ["Order", "OrderLine", "Discount", "OrderTag", "Folder"];
  const before = await Promise.all(entities.map(countOf));
  expectFailure(await asking(), status, error as Parameters<typeof expectFailure>[2]);
  expect(await Promise.all(entities.map(countOf))).toEqual(before);
}

beforeAll(async () => {
  w = await makeWorkspace(...definitions);
  const relationships = [
    { name: "tags", type: "MANY_TO_MANY", through: "OrderTag", source: "orderId", target: "tagId" },
  ];
  expectStatus(await w.admin("PATCH", "/entities/Order", { body: { relationships } }), 200);
  expectStatus(await w.api("POST", "/Customer", { body: { email: "alice@x" } }), 201);
  expectStatus(await w.api("POST", "/Product/bulk", { body: [{ sku: "a" }, { sku: "b" }] }), 200);
  expectStatus(await w.api("POST", "/Tag/bulk", { body: [{ label: "red" }, { label: "blue" }] }), 200);
});

describe("a create with nested records", () => {
  it("makes the record, its children and its links, in one round trip", async () => {
    const body = {
      code: code(),
      customerId: { $by: { email: "alice@x" } },
      lines: [
        { productId: 1, quantity: 3 },
        { productId: { $by: { sku: "b" } }, quantity: 4, discounts: [{ percent: 5 }] },
      ],
      tags: [2, { $by: { label: "red" } }],
    };
    const asked = await askCounted("POST", `${w.apiPath}/Order?expand=lines.discounts,tags,customer`, {
      token: w.key,
      body,
    });
    expect(asked.roundTrips).toBe(1);
    const { data } = expectStatus(asked.answer, 201).body;
    expect(data).toMatchObject({ code: body.code, customer: { email: "alice@x" } });
    expect(data.lines).toMatchObject([
      { orderId: data.id, productId: 1, quantity: 3, discounts: [] },
      { orderId: data.id, productId: 2, quantity: 4, discounts: [{ percent: 5 }] },
    ]);
    expect(data.tags.map(({ label }: { label: string }) => label).sort()).toEqual(["blue", "red"]);
    expect(asked.answer.headers.get("Location")).toBe(`${w.apiPath}/Order/${data.id}`);
    const read = await w.api("GET", `/Order/${data.id}`);
    expect(read.headers.get("ETag")).toBe(asked.answer.headers.get("ETag"));
  });

  it("answers the record alone unless more is asked for", async () => {
    const sent = { code: code(), lines: [{ productId: 1, quantity: 1 }] };
    const { data } = expectStatus(await post(sent), 201).body;
    expect(data).toEqual({ id: data.id, code: sent.code, customerId: null });
    const fields = await post({ ...sent, code: code() }, "/Order?fields=id");
    expect(fields.body.data).toEqual({ id: data.id + 1 });
    expect((await post({ code: code(), lines: [], tags: [] })).status).toBe(201);
  });

  it("works with UUIDs and to any depth, each with an id of its own or not", async () => {
    const id = crypto.randomUUID();
    const leaf = (depth: number): object => ({
      name: code(),
      ...(depth > 0 && { children: [leaf(depth - 1), { name: code() }] }),
    });
    const answer = await post({ id, ...leaf(6) }, "/Folder?expand=children.children.children");
    const { data } = expectStatus(answer, 201).body;
    expect(data.id).toBe(id);
    expect(data.children[0].children[0].children).toHaveLength(2);
    const sent = await post({ id: 70_000, code: code(), lines: [{ productId: 1, quantity: 1 }] });
    expect(expectStatus(sent, 201).body.data.id).toBe(70_000);
    const deep = await post({
      id: 70_001,
      code: code(),
      lines: [{ id: 80_000, productId: 1, quantity: 1, discounts: [{ percent: 1 }] }],
    });
    expectStatus(deep, 201);
    expect((await w.api("GET", "/Discount/by/lineId/80000")).body.data.percent).toBe(1);
  });

  it("is done once under an Idempotency-Key, and replayed", async () => {
    for (const query of ["", "?fields=id,code,lines&expand=lines"]) {
      const body = { code: code(), lines: [{ productId: 1, quantity: 1 }] };
      const headers = { "Idempotency-Key": crypto.randomUUID() };
      const first = expectStatus(await post(body, `/Order${query}`, headers), 201);
      const lines = await countOf("OrderLine");
      const second = expectStatus(await post(body, `/Order${query}`, headers), 201);
      expect([second.body, second.headers.get("ETag"), second.headers.get("Location")]).toEqual([
        first.body,
        first.headers.get("ETag"),
        first.headers.get("Location"),
      ]);
      expect(second.headers.get("Idempotent-Replayed")).toBe("true");
      expect(await countOf("OrderLine")).toBe(lines);
    }
  });

  it("reports all problems of all records together, each with its place", async () => {
    const body = {
      code: 5,
      lines: [
        { productId: 1, quantity: 0, discounts: [{ percent: "x" }, 5] },
        "line",
        { orderId: 1, productId: 1, quantity: 1 },
        { productId: { $by: { label: "x" } }, quantity: 1, nothing: 1 },
      ],
      tags: ["red", { $by: { sku: "x" } }],
    };
    const details = [
      ["lines[1]", "must be an object"],
      ["lines[2].orderId", "is set by the record that it is nested in"],
      ["code", "must be a string"],
      ["lines[0].discounts[1]", "must be an object"],
      ["lines[0].quantity", "must be at least 1"],
      ["lines[0].discounts[0].percent", "must be an integer"],
      ["lines[3].productId.$by.label", "is not a field of Product"],
      ["lines[3].nothing", "is not a field of OrderLine"],
      ["tags[0]", "must be an integer"],
      ["tags[1].$by.sku", "is not a field of Tag"],
    ] as const;
    await expectRefused(() => post(body), 422, invalid(details));
    await expectRefused(
      () => post({ lines: { productId: 1 } }),
      422,
      invalid([["lines", "must be an array"]]),
    );
  });

  it.each([
    [
      {
        lines: [
          { productId: 1, quantity: 1 },
          { productId: 99, quantity: 1 },
        ],
      },
      400,
      "FOREIGN_KEY_VIOLATION",
      "lines[1]: Referenced product_id '99' does not exist in products",
    ],
    [
      { lines: [{ productId: { $by: { sku: "z" } }, quantity: 1 }] },
      400,
      "FOREIGN_KEY_VIOLATION",
      "lines[0]: Referenced product {sku: 'z'} does not exist in products",
    ],
    [
      { tags: [1, 1] },
      409,
      "UNIQUE_CONSTRAINT_VIOLATION",
      "tags[1]: A record with orderId 'Order.id' and tagId '1' already exists",
    ],
    [{ tags: [99] }, 400, "FOREIGN_KEY_VIOLATION", "tags[0]: Referenced tag_id '99' does not exist in tags"],
    [
      { lines: [{ productId: 1, quantity: 1, discounts: [{ percent: 1 }, { percent: 2 }] }] },
      409,
      "UNIQUE_CONSTRAINT_VIOLATION",
      "lines[0].discounts[1]: A record with lineId 'Order.lines[0].id' already exists",
    ],
    [
      { customerId: 99, tags: [1] },
      400,
      "FOREIGN_KEY_VIOLATION",
      "Referenced customer_id '99' does not exist in customers",
    ],
  ])("is undone as a whole when the database refuses a part: %j", async (body, status, error, message) => {
    for (const query of ["", "?expand=lines"])
      await expectRefused(() => post({ code: code(), ...body }, `/Order${query}`), status, {
        code: error,
        message,
      });
  });

  it("has its fields located in problem details too", async () => {
    const headers = { Accept: "application/problem+json" };
    const body = { code: code(), lines: [{ productId: 99, quantity: 1 }] };
    const missing = await post(body, "/Order", headers);
    expect(expectStatus(missing, 400).body.errors).toEqual([
      { field: "lines[0].productId", message: "does not exist", rule: "FOREIGN_KEY" },
    ]);
    const link = await post({ code: code(), tags: [99] }, "/Order", headers);
    expect(expectStatus(link, 400).body.errors).toMatchObject([{ field: "tags[0]" }]);
    const refused = await post({ code: code(), lines: [{ orderId: 1 }] }, "/Order", headers);
    expect(expectStatus(refused, 422).body.errors).toMatchObject([
      { field: "lines[0].orderId", rule: "READ_ONLY" },
    ]);
  });

  it("names what is missing, not its own parent, when the parent's id is known", async () => {
    await expectRefused(
      () => post({ name: code(), children: [{ name: code(), customerId: 99 }] }, "/Folder"),
      400,
      {
        code: "FOREIGN_KEY_VIOLATION",
        message: "children[0]: Referenced customer_id '99' does not exist in customers",
      },
    );
  });

  it("takes at most 100 records", async () => {
    const lines = (count: number) => Array.from({ length: count }, () => ({ productId: 1, quantity: 1 }));
    const tooMany = {
      code: "BAD_REQUEST",
      message: "A request writes at most 100 records, nested records and links among them",
    };
    expectStatus(await post({ code: code(), lines: lines(98), tags: [1] }), 201);
    await expectRefused(() => post({ code: code(), lines: lines(99), tags: [1] }), 400, tooMany);
    const items = [
      { code: code(), lines: lines(49) },
      { code: code(), lines: lines(50) },
    ];
    await expectRefused(() => post(items, "/Order/bulk?atomic=true"), 400, tooMany);
    const operations = items.map((body) => ({ method: "POST", entity: "Order", body }));
    await expectRefused(() => post({ operations }, "/transaction"), 400, tooMany);
  });
});

describe("nested records in other requests", () => {
  const nested = (quantity = 1) => ({ code: code(), lines: [{ productId: 1, quantity }], tags: [1] });

  it("are created by each item of an atomic bulk request", async () => {
    const headers = { Prefer: "return=representation", "Idempotency-Key": crypto.randomUUID() };
    const items = [nested(1), nested(2), { code: code() }];
    const answer = expectStatus(await post(items, "/Order/bulk?atomic=true", headers), 200);
    expect(answer.body.data.map((one: { code: string }) => one.code)).toEqual(items.map((one) => one.code));
    const replayed = expectStatus(await post(items, "/Order/bulk?atomic=true", headers), 200);
    expect(replayed.body).toEqual(answer.body);
    const ids = answer.body.data.map(({ id }: { id: number }) => id).join();
    const { data } = (await w.api("GET", `/OrderLine?filter[orderId.in]=${ids}&sort=id`)).body;
    expect(data.map(({ quantity }: { quantity: number }) => quantity)).toEqual([1, 2]);
    await expectRefused(
      () => post([nested(1), nested(0)], "/Order/bulk?atomic=true"),
      422,
      invalid([["lines[0].quantity", "must be at least 1"]], "Item 1: "),
    );
    await expectRefused(
      () => post([nested(1), { code: code(), tags: [99] }], "/Order/bulk?atomic=true"),
      400,
      {
        code: "FOREIGN_KEY_VIOLATION",
        message: "Item 1: tags[0]: Referenced tag_id '99' does not exist in tags",
      },
    );
  });

  it("are refused in items that are independent of each other", async () => {
    const { body } = expectStatus(await post([{ code: code() }, nested()], "/Order/bulk"), 200);
    const problem = "needs atomic=true, to be created together";
    expect(body).toMatchObject({ succeeded: 1, failed: 1 });
    expect(body.errors).toEqual([
      {
        index: 1,
        error: invalid([
          ["lines", problem],
          ["tags", problem],
        ]),
      },
    ]);
  });

  it("are created by operations of a transaction, and may refer to earlier ones", async () => {
    const operations = [
      { method: "POST", entity: "Product", as: "product", body: { sku: code() } },
      { method: "POST", entity: "Tag", as: "tag", body: { label: code() } },
      {
        method: "POST",
        entity: "Order",
        as: "order",
        body: {
          code: code(),
          lines: [{ productId: { $ref: "product.id" }, quantity: 2, serial: { $ref: "product.sku" } }],
          tags: [{ $ref: "tag.id" }],
        },
      },
      {
        method: "POST",
        entity: "OrderLine",
        body: { orderId: { $ref: "order.id" }, productId: 1, quantity: 7 },
      },
    ];
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const { data } = expectStatus(await post({ operations }, "/transaction", headers), 200).body;
    const [product, tag, order, line] = data;
    expect(line.orderId).toBe(order.id);
    const read = (await w.api("GET", `/Order/${order.id}?expand=lines,tags`)).body.data;
    expect(read.lines).toMatchObject([{ productId: product.id, serial: product.sku }, { quantity: 7 }]);
    expect(read.tags).toMatchObject([{ id: tag.id }]);
    const replayed = expectStatus(await post({ operations }, "/transaction", headers), 200);
    expect(replayed.body.data).toEqual(data);
  });

  it("are located by the errors of a transaction", async () => {
    const operations = (...bodies: object[]) => ({
      operations: bodies.map((body) => ({ method: "POST", entity: "Order", body })),
    });
    await expectRefused(
      () =>
        post(
          operations(nested(), nested(0), { lines: [{ productId: { $ref: "x.id" }, quantity: 1 }] }),
          "/transaction",
        ),
      422,
      invalid(
        [
          ["operations[1].lines[0].quantity", "must be at least 1"],
          ["operations[2].lines[0].productId", "refers to 'x.id', which no earlier operation has"],
        ],
        "Operation 1: ",
      ),
    );
    await expectRefused(() => post(operations(nested(), { code: code(), tags: [99] }), "/transaction"), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Operation 1: tags[0]: Referenced tag_id '99' does not exist in tags",
    });
  });

  it("are no part of an update, nor of an upsert, nor under a relationship to one", async () => {
    const { id } = (await post({ code: code() })).body.data;
    const lines = [{ productId: 1, quantity: 1 }];
    const unknown = invalid([["lines", "is not a field of Order"]]);
    for (const method of ["PUT", "PATCH"])
      expectFailure(await w.api(method, `/Order/${id}`, { body: { lines } }), 422, unknown);
    const upsert = await w.api("PUT", "/Order/bulk?upsertBy=code", { body: [{ code: code(), lines }] });
    expect(upsert.body.errors).toEqual([{ index: 0, error: unknown }]);
    expectFailure(
      await post({ customer: { email: "x" } }),
      422,
      invalid([["customer", "is not a field of Order"]]),
    );
    const outside = await post({
      code: { $ref: "x.id" },
      lines: [{ productId: { $ref: "x.id" }, quantity: 1 }],
    });
    expectFailure(
      outside,
      422,
      invalid([
        ["code", "has no operator '$ref'"],
        ["lines[0].productId", "has no operator '$ref' — use $by"],
      ]),
    );
  });

  it("are in the OpenAPI document, without the column of their parent", async () => {
    const { components } = (await w.api("GET", "/openapi.json")).body;
    const { lines, tags } = components.schemas["Order-create"].properties;
    expect(lines).toEqual({
      type: "array",
      items: { $ref: "#/components/schemas/OrderLine-order_id-nested" },
      maxItems: 99,
    });
    expect(tags.items.anyOf).toHaveLength(2);
    const line = components.schemas["OrderLine-order_id-nested"];
    expect(Object.keys(line.properties)).toEqual(["id", "productId", "quantity", "serial", "discounts"]);
    expect(line.required).toEqual(["productId", "quantity"]);
    expect(components.schemas["Order-update"].properties.lines).toBeUndefined();
  });
});

describe("nested records, for a key with rules", () => {
  const all = ["read", "create", "update"];
  const holder = async (...scopes: readonly object[]) => {
    const { key } = await w.createKey({ scopes: [{ entity: "Order", operations: all }, ...scopes] });
    return (body: object, asking: Asking = {}) =>
      ask("POST", `${w.apiPath}/Order`, { token: key, body: { code: code(), ...body }, ...asking });
  };
  const lines = [{ productId: 1, quantity: 1 }];
  const product = { entity: "Product", operations: ["read"] };

  it("do not exist where their entity cannot be read", async () => {
    const create = await holder();
    const { body } = expectStatus(await create({ lines, tags: [1] }), 422);
    expect(body.error.details).toEqual([
      { field: "lines", message: "is not a field of Order" },
      { field: "tags", message: "is not a field of Order" },
    ]);
  });

  it("need the operation on their entity, and on the entity of a link", async () => {
    const create = await holder(
      { entity: "OrderLine", operations: ["read", "update"] },
      { entity: "Tag", operations: ["read"] },
      { entity: "OrderTag", operations: ["read"] },
    );
    expectFailure(await create({ lines }), 403, {
      code: "FORBIDDEN",
      message: "lines: This API key is not allowed to create OrderLine",
    });
    expectFailure(await create({ tags: [1] }), 403, {
      code: "FORBIDDEN",
      message: "tags: This API key is not allowed to create OrderTag",
    });
  });

  it("must satisfy the check, and get the presets, of their own entity", async () => {
    const line = { entity: "OrderLine", operations: all, check: { quantity: { lte: 5 } } };
    const create = await holder(product, { ...line, presets: { serial: `preset-${code()}` } });
    const made = expectStatus(await create({ lines }, {}), 201).body.data;
    const { data } = (await w.api("GET", `/OrderLine?filter[orderId]=${made.id}`)).body;
    expect(data[0].serial).toMatch(/^preset-/);
    const before = await countOf("Order");
    expectFailure(await create({ lines: [{ productId: 1, quantity: 6 }] }), 403, {
      code: "FORBIDDEN",
      message: "lines[0]: This API key is not allowed to create this OrderLine",
    });
    expectFailure(await create({ lines: [{ ...lines[0], serial: "x" }] }), 422, {
      ...invalid([["lines[0].serial", "is read-only"]]),
    });
    expect(await countOf("Order")).toBe(before);
  });

  it("may have only the writable fields, their parent among them", async () => {
    const create = await holder(product, {
      entity: "OrderLine",
      operations: all,
      writableFields: ["productId", "quantity"],
    });
    expectFailure(await create({ lines }), 422, invalid([["lines[0].orderId", "is read-only"]]));
  });

  it("can refer only to what exists for it, the parent too", async () => {
    const line = { entity: "OrderLine", operations: all };
    const few = await holder({ ...product, filter: { sku: "b" } }, line);
    expectFailure(await few({ lines }), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "lines[0]: Referenced product_id '1' does not exist in products",
    });
    expectStatus(await few({ lines: [{ productId: 2, quantity: 1 }] }), 201);
    const { key } = await w.createKey({
      scopes: [{ entity: "Order", operations: all, filter: { code: "mine" }, check: {} }, product, line],
    });
    const asking = { token: key, body: { code: code(), lines } };
    expectFailure(await ask("POST", `${w.apiPath}/Order`, asking), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "lines[0]: Referenced order_id 'Order.id' does not exist in orders",
    });
  });
});
