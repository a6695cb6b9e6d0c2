import { beforeAll, describe, expect, it } from "vitest";
import { type Asking, ask, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const definitions = [
  {
    name: "Customer",
    columns: [
      { name: "email", type: "VARCHAR", nullable: false, unique: true },
      { name: "country", type: "VARCHAR" },
    ],
  },
  {
    name: "Order",
    columns: [
      { name: "number", type: "VARCHAR" },
      {
        name: "customerId",
        references: { entity: "Customer", relationship: "customer", inverse: "orders" },
      },
    ],
    settings: { defaultExpand: ["customer"] },
  },
  { name: "Signup", columns: [{ name: "text", type: "VARCHAR" }] },
];

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(...definitions);
  expectStatus(await w.api("POST", "/Customer", { body: { email: "a@x", country: "PT" } }), 201);
  expectStatus(await w.api("POST", "/Order", { body: { number: "1", customerId: 1 } }), 201);
});

const forbidden = (operation: string, entity: string) => ({
  code: "FORBIDDEN",
  message: `This API key is not allowed to ${operation} ${entity}`,
});

async function holder(scopes: object[] | null, more: object = {}) {
  const { id, key } = await w.createKey({ scopes, ...more });
  const api = (method: string, path: string, asking: Asking = {}) =>
    ask(method, w.apiPath + path, { token: key, ...asking });
  return { id, key, api };
}

describe("a key with scopes", () => {
  it("may use the named operations and nothing else", async () => {
    const { api } = await holder([{ entity: "Order", operations: ["read", "update"] }]);
    expectStatus(await api("GET", "/Order"), 200);
    expectStatus(await api("GET", "/Order/1"), 200);
    expectStatus(await api("PUT", "/Order/1", { body: { number: "2" } }), 200);
    expectStatus(await api("PUT", "/Order/bulk", { body: [{ id: 1, number: "1" }] }), 200);
    const operations = [{ method: "PUT", entity: "Order", id: 1, body: { number: "3" } }];
    expectStatus(await api("POST", "/transaction", { body: { operations } }), 200);
    expectFailure(await api("POST", "/Order", { body: {} }), 403, forbidden("create", "Order"));
    expectFailure(await api("POST", "/Order/bulk", { body: [{}] }), 403, forbidden("create", "Order"));
    expectFailure(
      await api("PUT", "/Order/bulk?upsertBy=id", { body: [{}] }),
      403,
      forbidden("create", "Order"),
    );
    expectFailure(await api("DELETE", "/Order/1"), 403, forbidden("delete", "Order"));
    const mixed = [...operations, { method: "DELETE", entity: "Order", id: 1 }];
    expectFailure(await api("POST", "/transaction", { body: { operations: mixed } }), 403, {
      code: "FORBIDDEN",
      message: "Operation 1: This API key is not allowed to delete Order",
    });
  });

  it.each([
    "/Customer",
    "/Customer/1",
    "/Customer/export?format=csv",
    "/Customer/aggregate?measure=count",
    "/Nothing",
  ])("cannot tell %s from what does not exist", async (path) => {
    const { api } = await holder([{ entity: "Order", operations: ["read"] }]);
    const entity = /\w+/.exec(path)?.[0] ?? "";
    expectFailure(await api("GET", path), 403, forbidden("read", entity));
  });

  it.each([
    ["expand=customer", "Unknown relationship 'customer' on Order"],
    ["filter[customer.country]=PT", "Unknown field 'customer' on Order"],
    ['filter={"customer":{"country":"PT"}}', "Unknown field 'customer' on Order"],
    ["sort=customer.country", "Unknown field 'customer' on Order"],
    ["fields=customer", "Unknown field 'customer' on Order"],
    ["filter[custome]=1", "Unknown field 'custome' on Order — did you mean 'customerId'?"],
  ])("learns nothing of other entities by %s, whoever has asked it before", async (query, message) => {
    const { api } = await holder([{ entity: "Order", operations: ["read"] }]);
    await w.api("GET", `/Order?${query}`);
    const answer = await api("GET", `/Order?${query}`);
    expect([answer.status, answer.body.error.message.split(" — did")[0]]).toEqual([
      400,
      message.split(" — did")[0],
    ]);
    expect(answer.text).not.toContain("'customer.");
    expect((await api("GET", "/Order/1")).body.data).toEqual({ id: 1, number: "3", customerId: 1 });
  });

  it("sees its own part of the workspace's description", async () => {
    const { api } = await holder([{ entity: "Order", operations: ["read"] }]);
    const { data } = (await api("GET", "")).body;
    expect(data.entities.map(({ name }: { name: string }) => name)).toEqual(["Order"]);
    expect(JSON.stringify(data)).not.toContain("Customer");
  });

  it("cannot write references to entities that it may not read", async () => {
    const { api } = await holder([{ entity: "Order", operations: ["read", "create", "update"] }]);
    for (const customerId of [1, 999, null]) {
      expectFailure(await api("POST", "/Order", { body: { number: "x", customerId } }), 422, {
        code: "VALIDATION_ERROR",
        message: "Validation failed: 1 error(s)",
        details: [{ field: "customerId", message: "is read-only" }],
      });
    }
    expectStatus(await api("POST", "/Order", { body: { number: "x" } }), 201);
  });

  it("cannot find out by deleting who refers to a record", async () => {
    const { api } = await holder([{ entity: "Customer", operations: ["read", "delete"] }]);
    for (const id of [1, 999]) {
      expectFailure(await api("DELETE", `/Customer/${id}`), 403, forbidden("delete", "Customer"));
    }
    const both = await holder([
      { entity: "Customer", operations: ["read", "delete"] },
      { entity: "Order", operations: ["read"] },
    ]);
    expect((await both.api("DELETE", "/Customer/1")).body.error.code).toBe("FOREIGN_KEY_VIOLATION");
  });

  it.each([
    ["under RESTRICT, without Kept", { onDelete: "RESTRICT" }, ["Root", "Link"]],
    ["under RESTRICT, without Link", { onDelete: "RESTRICT" }, ["Root", "Kept"]],
    ["by a rule, without Kept", { onDelete: "SET_NULL" }, ["Root", "Link"]],
  ])("nor what is held by what a delete would cascade to: %s", async (_, { onDelete }, readable) => {
    const v = await makeWorkspace(
      { name: "Root", columns: [] },
      { name: "Link", columns: [{ name: "rootId", references: { entity: "Root", onDelete: "CASCADE" } }] },
      {
        name: "Kept",
        columns: [
          { name: "linkId", references: { entity: "Link", onDelete } },
          { name: "open", type: "BOOLEAN", default: true },
        ],
        constraints: [
          { type: "CONDITIONAL_REQUIRED", field: "linkId", when: { field: "open", equals: true } },
        ],
      },
    );
    expectStatus(await v.api("POST", "/Root/bulk", { body: [{}, {}] }), 200);
    expectStatus(await v.api("POST", "/Link", { body: { rootId: 1 } }), 201);
    expectStatus(await v.api("POST", "/Kept", { body: { linkId: 1 } }), 201);
    const remove = async (id: number, entities: readonly string[]) => {
      const scopes = entities.map((entity) => ({ entity, operations: ["read", "delete"] }));
      return ask("DELETE", `${v.apiPath}/Root/${id}`, { token: (await v.createKey({ scopes })).key });
    };
    for (const id of [1, 2]) expectFailure(await remove(id, readable), 403, forbidden("delete", "Root"));
    const all = ["Root", "Link", "Kept"];
    expectFailure(await remove(1, all), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Record 1 is still referenced by kepts.link_id",
    });
    expectStatus(await remove(2, all), 204);
  });

  it("cannot find out how deep a delete would cascade in a circle", async () => {
    const referring = (name: string, ...targets: readonly string[]) => ({
      name,
      columns: targets.map((entity) => ({
        name: `${entity.toLowerCase()}Id`,
        references: { entity, onDelete: "CASCADE" },
      })),
    });
    const v = await makeWorkspace(
      { name: "Root", columns: [] },
      referring("Node", "Root", "Node"),
      { name: "Flat", columns: [] },
      referring("Leaf", "Flat"),
      referring("Own", "Own"),
    );
    expectStatus(await v.api("POST", "/Root", { body: {} }), 201);
    for (let from = 0; from < 1_100; from += 100) {
      const body = Array.from({ length: 100 }, (_, i) => (from + i ? { nodeId: from + i } : { rootId: 1 }));
      expect((await v.api("POST", "/Node/bulk", { body })).body).toEqual({ succeeded: 100, failed: 0 });
    }
    for (const path of ["/Flat", "/Own"]) expectStatus(await v.api("POST", path, { body: {} }), 201);
    const scoped = async (...entities: readonly string[]) => {
      const scopes = entities.map((entity) => ({ entity, operations: ["read", "delete"] }));
      return (await v.createKey({ scopes })).key;
    };
    const token = await scoped("Root", "Flat", "Own");
    for (const id of [1, 999])
      expectFailure(await v.api("DELETE", `/Root/${id}`, { token }), 403, forbidden("delete", "Root"));
    for (const path of ["/Flat/1", "/Own/1"]) expectStatus(await v.api("DELETE", path, { token }), 204);
    expectFailure(await v.api("DELETE", "/Root/1", { token: await scoped("Root", "Node") }), 400, {
      code: "BAD_REQUEST",
      message: "Record 1 has more than 1,000 levels of records that would be deleted with it",
    });
  });

  it("may create without reading, and gets the created record", async () => {
    const { api } = await holder([{ entity: "Signup", operations: ["create"] }]);
    const headers = { "Idempotency-Key": "one" };
    const created = expectStatus(await api("POST", "/Signup", { body: { text: "hi" }, headers }), 201);
    expect(created.body.data).toMatchObject({ text: "hi" });
    expect((await api("POST", "/Signup", { body: { text: "hi" }, headers })).text).toBe(created.text);
    expectFailure(await api("GET", "/Signup/1"), 403, forbidden("read", "Signup"));
    const viewed = await api("POST", "/Signup?fields=text", { body: { text: "hi" } });
    expectFailure(viewed, 403, forbidden("read", "Signup"));
  });

  it("may not choose an id where it may not read, because an error would reveal taken ids", async () => {
    const { api } = await holder([{ entity: "Signup", operations: ["create"] }]);
    expectFailure(await api("POST", "/Signup", { body: { id: 1, text: "hi" } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "id", message: "is read-only" }],
    });
  });

  it("is refused by its scope before the access mode", async () => {
    const { api } = await holder([{ entity: "Order", operations: ["read"] }]);
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "READ_ONLY" } }), 200);
    expectFailure(await api("POST", "/Order", { body: {} }), 403, forbidden("create", "Order"));
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "ACTIVE" } }), 200);
  });

  it("obeys new scopes from the next request on", async () => {
    const { id, api } = await holder(null);
    expectStatus(await api("GET", "/Customer"), 200);
    const scopes = [{ entity: "Order", operations: ["read"] }];
    expectStatus(await w.admin("PATCH", `/api-keys/${id}`, { body: { scopes } }), 200);
    expectFailure(await api("GET", "/Customer"), 403, forbidden("read", "Customer"));
    expect((await w.admin("GET", `/api-keys/${id}`)).body.data.scopes).toEqual(scopes);
    expectStatus(await w.admin("PATCH", `/api-keys/${id}`, { body: { scopes: null } }), 200);
    expectStatus(await api("GET", "/Customer"), 200);
  });

  it("follows a rename, and has no rights to a new entity with the old name", async () => {
    const { id, api } = await holder([{ entity: "Signup", operations: ["read"] }]);
    expectStatus(await w.admin("PATCH", "/entities/Signup", { body: { name: "Enrolment" } }), 200);
    expectStatus(await api("GET", "/Enrolment"), 200);
    expectStatus(
      await w.admin("POST", "/entities", { body: { name: "Signup", tableName: "other", columns: [] } }),
      201,
    );
    expectFailure(await api("GET", "/Signup"), 403, forbidden("read", "Signup"));
    const shown = (await w.admin("GET", `/api-keys/${id}`)).body.data.scopes;
    expect(shown).toEqual([{ entity: "Enrolment", operations: ["read"] }]);
    expectStatus(await w.admin("DELETE", "/entities/Enrolment?confirm=Enrolment"), 204);
    expect((await w.admin("GET", `/api-keys/${id}`)).body.data.scopes).toEqual([]);
    expectFailure(await api("GET", "/Enrolment"), 403, forbidden("read", "Enrolment"));
  });

  it.each([
    [[{ entity: "Nothing", operations: ["read"] }], "scopes[0].entity", "Entity not found: Nothing"],
    [[{ entity: "Order", operations: [] }], "scopes[0].operations", "must have at least 1 item"],
    [
      [{ entity: "Order", operations: ["write"] }],
      "scopes[0].operations[0]",
      "must be one of: read, create, update, delete",
    ],
    [
      [{ entity: "Order", operations: ["delete"] }],
      "scopes[0].operations",
      "must include read if it has update or delete",
    ],
    [
      [
        { entity: "Order", operations: ["read"] },
        { entity: "Order", operations: ["create"] },
      ],
      "scopes[1].entity",
      "'Order' is named twice",
    ],
    [[], "scopes", "must have at least 1 item"],
  ])("is not made of %j", async (scopes, field, message) => {
    const answer = await w.admin("POST", "/api-keys", {
      body: { name: "x", permission: "READ_WRITE", scopes },
    });
    expectFailure(answer, 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field, message }],
    });
  });
});

describe("a key with allowed addresses", () => {
  const from = (address: string) => ({ headers: { "CF-Connecting-IP": address } });
  const error = { code: "FORBIDDEN", message: "This API key is not allowed from this address" };

  it.each([
    [["10.0.0.0/8"], "10.1.2.3", "11.0.0.1"],
    [["192.0.2.7"], "192.0.2.7", "192.0.2.8"],
    [["2001:db8::/32"], "2001:db8:0:1::5", "2001:db9::1"],
    [["203.0.113.0/24", "::1"], "::1", "::2"],
    [["10.0.0.0/8"], "::ffff:10.1.2.3", "::ffff:11.0.0.1"],
    [["::ffff:10.0.0.0/104"], "10.9.9.9", "11.0.0.1"],
  ])("%j works from %s, not from %s", async (allowedIps, inside, outside) => {
    const { api } = await holder(null, { allowedIps });
    expectStatus(await api("GET", "/Order", from(inside)), 200);
    expectFailure(await api("GET", "/Order", from(outside)), 403, error);
    expectFailure(await api("POST", "/Order", { ...from(outside), body: {} }), 403, error);
    expectFailure(await api("GET", "/Order"), 403, error);
    expectFailure(await api("GET", "/Order", from("not an address")), 403, error);
  });

  it.each(["", "/", "/me", "/openapi.json", "/Order", "/Order/1", "/Order/export", "/Order/aggregate"])(
    "learns nothing else at another address about a wrong request to '%s'",
    async (path) => {
      const { api } = await holder(null, { allowedIps: ["10.0.0.0/8"] });
      for (const query of ["?nope=1", "?%ff"])
        expectFailure(await api("GET", path + query, from("11.0.0.1")), 403, error);
    },
  );

  it("obeys a narrower list from the next request on", async () => {
    const { id, api } = await holder(null);
    expectStatus(await api("GET", "/Order", from("10.0.0.1")), 200);
    expectStatus(await w.admin("PATCH", `/api-keys/${id}`, { body: { allowedIps: ["10.0.0.2"] } }), 200);
    expectFailure(await api("GET", "/Order", from("10.0.0.1")), 403, error);
    expectStatus(await api("GET", "/Order", from("10.0.0.2")), 200);
  });

  it.each([
    "",
    "10.0.0.0/33",
    "10.0.0",
    "0x7f000001",
    "10.0.0.1/",
    "::/129",
    "fe80::1%eth0",
    "example.com",
    "10.0.0.0/8/8",
  ])("is not made of '%s'", async (range) => {
    const body = { name: "x", permission: "READ_ONLY", allowedIps: [range] };
    expectFailure(await w.admin("POST", "/api-keys", { body }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [
        { field: "allowedIps[0]", message: "must be an IP address or a CIDR range such as 10.0.0.0/8" },
      ],
    });
  });
});
