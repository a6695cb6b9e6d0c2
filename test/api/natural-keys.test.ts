import { beforeAll, describe, expect, it } from "vitest";
import { type Asking, ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const to = (entity: string, relationship: string) => ({ entity, relationship, inverse: null });

const definitions = [
  {
    name: "Customer",
    columns: [
      { name: "email", type: "VARCHAR", nullable: false, unique: true },
      { name: "country", type: "VARCHAR" },
      { name: "number", type: "INTEGER" },
    ],
    constraints: [{ type: "UNIQUE_COMPOSITE", fields: ["country", "number"] }],
  },
  { name: "Tag", idType: "UUID", columns: [{ name: "label", type: "VARCHAR", unique: true }] },
  {
    name: "Order",
    columns: [
      { name: "code", type: "VARCHAR", unique: true },
      { name: "customerId", references: to("Customer", "customer") },
      { name: "tagId", references: to("Tag", "tag") },
      { name: "parentId", references: to("Order", "parent") },
    ],
  },
  {
    name: "Visit",
    columns: [
      { name: "place", type: "VARCHAR" },
      { name: "customerId", references: to("Customer", "customer") },
      { name: "tagId", references: to("Tag", "tag") },
    ],
  },
  {
    name: "Badge",
    columns: [{ name: "customerId", nullable: false, unique: true, references: to("Customer", "customer") }],
  },
];

const ALICE = { $by: { email: "alice@example.com" } };
const NOBODY = { $by: { email: "nobody@example.com" } };
const MISSING = "Referenced customer {email: 'nobody@example.com'} does not exist in customers";
const missing = { code: "FOREIGN_KEY_VIOLATION", message: MISSING };

const RULES = "must name a record by a unique rule of Customer — use email, or country and number";

let w: TestWorkspace;
let made = 0;
const code = () => `o${made++}`;
const count = async () => (await w.api("GET", "/Order")).body.meta.total;

async function create(body: object) {
  return expectStatus(await w.api("POST", "/Order", { body: { code: code(), ...body } }), 201).body.data;
}

beforeAll(async () => {
  w = await makeWorkspace(...definitions);
  const customers = [
    { email: "alice@example.com", country: "PT", number: 1 },
    { email: "bob@example.com", country: "ES", number: 1 },
  ];
  expectStatus(await w.api("POST", "/Customer/bulk", { body: customers }), 200);
});

describe("a reference that names its record by a unique rule", () => {
  it("is stored as the record's id, by a create and an update", async () => {
    const order = await create({ customerId: ALICE });
    expect(order.customerId).toBe(1);
    const body = { customerId: { $by: { number: 1, country: "ES" } } };
    const changed = await w.api("PUT", `/Order/${order.id}?expand=customer`, { body });
    expect(expectStatus(changed, 200).body.data).toMatchObject({ customerId: 2, customer: { number: 1 } });
  });

  it("takes one database round trip", async () => {
    await create({ customerId: ALICE });
    const body = { code: code(), customerId: ALICE };
    const { answer, roundTrips } = await askCounted("POST", `${w.apiPath}/Order`, { token: w.key, body });
    expectStatus(answer, 201);
    expect(roundTrips).toBe(1);
  });

  it("names records with UUIDs, and records of the same entity", async () => {
    const tag = expectStatus(await w.api("POST", "/Tag", { body: { label: "it's" } }), 201).body.data;
    const parent = await create({});
    const order = await create({
      tagId: { $by: { label: "it's" } },
      parentId: { $by: { code: parent.code } },
    });
    expect(order).toMatchObject({ tagId: tag.id, parentId: parent.id });
  });

  it("is refused when there is no such record: nothing becomes null", async () => {
    const order = await create({ customerId: ALICE });
    const before = await count();
    expectFailure(await w.api("POST", "/Order", { body: { customerId: NOBODY } }), 400, missing);
    expectFailure(await w.api("PUT", `/Order/${order.id}`, { body: { customerId: NOBODY } }), 400, missing);
    expect(await count()).toBe(before);
    expect((await w.api("GET", `/Order/${order.id}`)).body.data).toEqual(order);
  });

  it("works in bulk, where only the item without a record is refused", async () => {
    const body = [
      { code: code(), customerId: ALICE },
      { code: code(), customerId: NOBODY },
    ];
    const answer = expectStatus(await w.api("POST", "/Order/bulk", { body }), 200);
    expect(answer.body).toMatchObject({ succeeded: 1, failed: 1, errors: [{ index: 1, error: missing }] });
    const before = await count();
    expectFailure(await w.api("POST", "/Order/bulk?atomic=true", { body: [{}, body[1]] }), 400, {
      ...missing,
      message: `Item 1: ${MISSING}`,
    });
    expect(await count()).toBe(before);
  });

  it("works in upserts, on both sides", async () => {
    const key = code();
    const upsert = (customerId: object) =>
      w.api("PUT", "/Order/bulk?upsertBy=code", {
        body: [{ code: key, customerId }],
        headers: { Prefer: "return=representation" },
      });
    expect((await upsert(NOBODY)).body.errors).toMatchObject([{ error: missing }]);
    expect((await upsert(ALICE)).body.data).toMatchObject([{ customerId: 1 }]);
    expect((await upsert({ $by: { email: "bob@example.com" } })).body.data).toMatchObject([
      { customerId: 2 },
    ]);
    expect((await upsert(NOBODY)).body.errors).toMatchObject([{ error: missing }]);
  });

  it("finds what an earlier operation of a transaction created", async () => {
    const operations = (email: string) => [
      { method: "POST", entity: "Customer", body: { email: "carol@example.com" } },
      { method: "POST", entity: "Order", body: { code: code(), customerId: { $by: { email } } } },
    ];
    const transact = (email: string) =>
      w.api("POST", "/transaction", { body: { operations: operations(email) } });
    expectFailure(await transact("nobody@example.com"), 400, {
      ...missing,
      message: `Operation 1: ${MISSING}`,
    });
    const { body } = expectStatus(await transact("carol@example.com"), 200);
    const [customer, order] = body.data.map((each: { data?: object }) => each.data ?? each);
    expect(order.customerId).toBe(customer.id);
  });

  it("is shown by its key when it breaks a unique rule", async () => {
    expectStatus(await w.api("POST", "/Badge", { body: { customerId: ALICE } }), 201);
    expectFailure(await w.api("POST", "/Badge", { body: { customerId: ALICE } }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "A record with customerId '{email: 'alice@example.com'}' already exists",
    });
  });

  it.each([
    [{ $by: { mail: "x" } }, "customerId.$by.mail", "is not a field of Customer"],
    [{ $by: { email: 5 } }, "customerId.$by.email", "must be a string"],
    [{ $by: { email: null } }, "customerId.$by.email", "cannot be null"],
    [{ $by: { country: "PT" } }, "customerId.$by", RULES],
    [{ $by: {} }, "customerId.$by", RULES],
    [{ $by: "alice@example.com" }, "customerId.$by", RULES],
    [{ $by: { email: "x" }, $increment: 1 }, "customerId", "takes $by alone"],
  ])("refuses %j", async (customerId, field, message) => {
    for (const [method, path] of [
      ["POST", "/Order"],
      ["PUT", "/Order/1"],
    ] as const) {
      const { body } = expectStatus(await w.api(method, path, { body: { customerId } }), 422);
      expect(body.error.details).toEqual([{ field, message }]);
    }
  });

  it("cannot be what an upsert matches on", async () => {
    const body = [{ customerId: ALICE }];
    const answer = await w.api("PUT", "/Badge/bulk?upsertBy=customerId", { body });
    expect(expectStatus(answer, 200).body.errors[0].error.details).toEqual([
      { field: "customerId", message: "must be an id, because records are matched on it" },
    ]);
  });
});

describe("a reference by a unique rule, of a key with rules", () => {
  const all = ["read", "create", "update"];
  const holder = async (customer: object) => {
    const scopes = [
      { entity: "Customer", operations: all, ...customer },
      { entity: "Order", operations: all },
    ];
    const { key } = await w.createKey({ scopes });
    return (method: string, path: string, asking: Asking = {}) =>
      ask(method, w.apiPath + path, { token: key, ...asking });
  };

  it("does not find a record outside the filter", async () => {
    const api = await holder({ filter: { country: "ES" } });
    const refused = { ...missing, message: MISSING.replace("nobody", "alice") };
    expectFailure(await api("POST", "/Order", { body: { customerId: ALICE } }), 400, refused);
    const body = { code: code(), customerId: { $by: { email: "bob@example.com" } } };
    const order = expectStatus(await api("POST", "/Order", { body }), 201).body.data;
    expect(order.customerId).toBe(2);
    expectFailure(await api("PUT", `/Order/${order.id}`, { body: { customerId: ALICE } }), 400, refused);
    const upsert = await api("PUT", "/Order/bulk?upsertBy=code", { body: [{ ...body, customerId: ALICE }] });
    expect(upsert.body.errors).toMatchObject([{ error: refused }]);
  });

  it("does not know the rules over fields that cannot be read", async () => {
    const api = await holder({ fields: ["country", "number"] });
    const { body } = expectStatus(await api("POST", "/Order", { body: { customerId: ALICE } }), 422);
    expect(body.error.details).toEqual([
      { field: "customerId.$by.email", message: "is not a field of Customer" },
    ]);
    const unknown = await api("POST", "/Order", { body: { customerId: { $by: { country: "PT" } } } });
    expect(unknown.body.error.details[0].message).toBe(
      "must name a record by a unique rule of Customer — use country and number",
    );
  });

  it("cannot be written when its entity cannot be read", async () => {
    const { key } = await w.createKey({ scopes: [{ entity: "Order", operations: all }] });
    const asking = { token: key, body: { customerId: ALICE } };
    const { body } = expectStatus(await ask("POST", `${w.apiPath}/Order`, asking), 422);
    expect(body.error.details).toEqual([{ field: "customerId", message: "is read-only" }]);
  });

  it("must satisfy the check of the written entity", async () => {
    const scopes = [
      { entity: "Customer", operations: all },
      { entity: "Order", operations: all, check: { "customer.country": "ES" } },
    ];
    const { key } = await w.createKey({ scopes });
    const asking = (customerId: object) => ({ token: key, body: { code: code(), customerId } });
    expectStatus(await ask("POST", `${w.apiPath}/Order`, asking(ALICE)), 403);
    const bob = { $by: { email: "bob@example.com" } };
    expectStatus(await ask("POST", `${w.apiPath}/Order`, asking(bob)), 201);
  });
});

it("is in the OpenAPI document", async () => {
  const { components } = (await w.api("GET", "/openapi.json")).body;
  for (const name of ["Order-create", "Order-update"])
    expect(components.schemas[name].properties.customerId.anyOf[1].properties.$by).toEqual({
      $ref: "#/components/schemas/Customer-key",
    });
  expect(components.schemas["Customer-key"].anyOf).toHaveLength(2);
});

describe("many creates with references by a key", () => {
  const bob = { $by: { country: "ES", number: 1 } };
  const red = { $by: { label: "red" } };
  const visits = async () => (await w.api("GET", "/Visit?sort=id&fields=place,customerId,tagId")).body.data;

  it("take one round trip, and store the ids", async () => {
    const { id } = expectStatus(await w.api("POST", "/Tag", { body: { label: "red" } }), 201).body.data;
    const body = [
      { place: "a", customerId: ALICE, tagId: red },
      { place: "b", customerId: bob },
      { place: "c", customerId: 1, tagId: null },
    ];
    const asked = await askCounted("POST", `${w.apiPath}/Visit/bulk`, { token: w.key, body });
    expect(asked.answer.body).toEqual({ succeeded: 3, failed: 0 });
    expect(asked.roundTrips).toBe(1);
    expect(await visits()).toEqual([
      { place: "a", customerId: 1, tagId: id },
      { place: "b", customerId: 2, tagId: null },
      { place: "c", customerId: 1, tagId: null },
    ]);
  });

  it("store no null in place of a record that does not exist, whatever the type of its id", async () => {
    const before = await visits();
    const blue = { $by: { label: "blue" } };
    const body = [
      { place: "d", customerId: NOBODY },
      { place: "e", customerId: ALICE },
      { place: "f", tagId: blue },
    ];
    const message = "Referenced tag {label: 'blue'} does not exist in tags";
    expect((await w.api("POST", "/Visit/bulk", { body })).body).toEqual({
      succeeded: 1,
      failed: 2,
      errors: [
        { index: 0, error: missing },
        { index: 2, error: { code: "FOREIGN_KEY_VIOLATION", message } },
      ],
    });
    expect(await visits()).toEqual([...before, { place: "e", customerId: 1, tagId: null }]);
  });
});
