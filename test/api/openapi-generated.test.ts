import { beforeAll, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { type Parts, resolved } from "../support/find-operation.ts";
import { differencesOf, type GeneratedBody } from "../support/openapi/generated-bodies.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Bodies made from the document of a workspace. What it calls valid is accepted, and what it calls invalid is refused. */

let w: TestWorkspace;
let token: string;
let document: Parts;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
  ({ key: token } = await w.createKey({ mayMintTokens: true }));
  document = expectStatus(await w.api("GET", "/openapi.json", { token }), 200).body;
  expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
  expectStatus(await w.api("POST", "/Order", { body: { orderNumber: "1", customerId: 1 } }), 201);
});

let made = 0;
const unique = () => `${crypto.randomUUID().slice(0, 8)}${made++}`;
const newCustomer = () => ({ ...alice, email: `${unique()}@example.com` });
const newOrder = () => ({ orderNumber: unique(), customerId: 1 });

const sending = (method: string, path: string) => (body: Parts) => w.api(method, path, { body, token });

/** Operations that use the references of a new customer. */
const transacting = (operation: () => Parts): Pick<Case, "base" | "at" | "send"> => ({
  at: "operations.0",
  base: () => ({ operations: [operation()] }),
  send: sending("POST", "/transaction"),
});

const IDS = { id: [2 ** 53, "1"] };
const ORDER_VALUES = {
  total: [1.25, 1.255, "1.25", "1.255", 1e10, { $increment: 1 }, { $increment: "x" }],
  status: ["NEW", "PAID"],
  customerId: [{ $by: { email: alice.email } }, { $by: { name: "x" } }, { $by: {} }],
  createdAt: ["2026-01-01T00:00:00+02:00", { $now: "PT0S" }],
};
/** Refusals that depend on stored records, on names in a rule, on a number's digits, or on an operation's entity. */
const BEYOND =
  /does not exist|cannot be changed|is read-only|has no value to change|not found|is not a field|Unknown field|decimal place|"operations.0..[a-z]/i;

interface Case extends GeneratedBody {
  /** The operation and its path in the document. */
  readonly name: string;
}

const cases: readonly Case[] = [
  {
    name: "post /Customer",
    base: newCustomer,
    values: { orders: [[], [{ orderNumber: "x" }], [{}]] },
    send: sending("POST", "/Customer"),
  },
  {
    name: "put /Customer/{id}",
    base: () => ({ name: "A" }),
    values: IDS,
    send: sending("PUT", "/Customer/1"),
  },
  { name: "patch /Customer/{id}", base: () => ({ name: "A" }), send: sending("PATCH", "/Customer/1") },
  { name: "post /Order", base: newOrder, values: ORDER_VALUES, send: sending("POST", "/Order") },
  {
    name: "patch /Order/{id}",
    base: () => ({ status: "NEW" }),
    values: ORDER_VALUES,
    send: sending("PATCH", "/Order/1"),
  },
  {
    name: "patch /Customer",
    base: () => ({ age: 31 }),
    send: sending("PATCH", "/Customer?filter[id]=1&maxAffected=1"),
  },
  {
    name: "post /Customer/bulk",
    at: "0",
    base: () => [newCustomer()],
    send: sending("POST", "/Customer/bulk?atomic=true"),
  },
  {
    name: "put /Customer/bulk",
    at: "0",
    base: () => [{ id: 1, name: "A" }],
    values: IDS,
    send: sending("PUT", "/Customer/bulk?atomic=true"),
  },
  {
    name: "post /transaction",
    ...transacting(() => ({ method: "POST", entity: "Customer", body: newCustomer() })),
    values: { as: ["made", "m.ade"], entity: ["Order"] },
  },
  {
    name: "post /transaction",
    ...transacting(() => ({ method: "PATCH", entity: "Customer", id: 1, body: { age: 1 } })),
    values: { ifMatch: ["*", '"1"', 'W/"1", "2"', '"1'] },
  },
  {
    name: "post /tokens",
    base: () => ({ claims: { sub: "a" } }),
    values: {
      claims: [{ sub: "" }, { sub: "x".repeat(256) }, { sub: "a", team: [1] }, { sub: 1 }],
      expiresIn: [60, 59, 86_400, 86_401],
      scopes: [[{ entity: "Order", operations: ["read"] }], [{ entity: "Order", operations: ["update"] }]],
    },
    send: sending("POST", "/tokens"),
  },
  {
    name: "post /tokens",
    at: "scopes.0",
    base: () => ({ claims: { sub: "a" }, scopes: [{ entity: "Order", operations: ["read"] }] }),
    values: { fields: [["total"]], filter: [{ status: "PAID" }] },
    send: sending("POST", "/tokens"),
  },
  { name: "post /tokens/revoke", base: () => ({ sub: "a" }), send: sending("POST", "/tokens/revoke") },
];

describe("a body with one property of another value", () => {
  it.each(cases)("is taken exactly if the document says so: $name", async ({ name, ...body }) => {
    const [method = "", path = ""] = name.split(" ");
    const { requestBody } = document.paths[path][method];
    const schema = resolved(document, requestBody.content["application/json"].schema) ?? {};
    expect(await differencesOf(document, schema, { beyond: BEYOND, ...body })).toEqual([]);
  });
});
