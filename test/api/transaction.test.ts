import { beforeEach, describe, expect, it } from "vitest";
import { askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { customer, order } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeEach(async () => {
  w = await makeWorkspace(customer, order);
  expectStatus(await w.api("GET", "/Customer"), 200);
});

const transact = (...operations: unknown[]) => w.api("POST", "/transaction", { body: { operations } });
const newCustomer = {
  method: "POST",
  entity: "Customer",
  as: "buyer",
  body: { email: "a@example.com", name: "A" },
};
const orderOf = (orderNumber: string, customerId: unknown = { $ref: "buyer.id" }) => ({
  method: "POST",
  entity: "Order",
  body: { orderNumber, customerId },
});
const total = async (entity: string) => (await w.api("GET", `/${entity}`)).body.meta.totalElements;

describe("a transaction", () => {
  it("writes several entities with references between them, in one round trip", async () => {
    const body = { operations: [newCustomer, orderOf("1"), orderOf("2")] };
    const { answer, roundTrips } = await askCounted("POST", `${w.apiPath}/transaction`, {
      token: w.key,
      body,
    });
    expectStatus(answer, 200);
    expect(answer.body.data.map((record: { customerId?: number }) => record.customerId)).toEqual([
      undefined,
      1,
      1,
    ]);
    expect(roundTrips).toBe(1);
    const changes = await transact(
      { method: "PUT", entity: "Customer", id: 1, ifMatch: '"1"', as: "c", body: { name: "B" } },
      { method: "POST", entity: "Customer", body: { email: "b@example.com", name: { $ref: "c.name" } } },
      { method: "DELETE", entity: "Order", id: 2 },
    );
    expectStatus(changes, 200);
    expect(changes.body.data).toMatchObject([{ name: "B" }, { name: "B" }, null]);
  });

  it("writes nothing when one operation fails, and names that operation", async () => {
    expectFailure(await transact(newCustomer, orderOf("1"), orderOf("1")), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "Operation 2: A record with orderNumber '1' already exists",
    });
    expectFailure(await transact(newCustomer, orderOf("1", 99)), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Operation 1: Referenced customer_id '99' does not exist in customers",
    });
    expectFailure(
      await transact(newCustomer, { method: "PUT", entity: "Customer", id: 9, body: { name: "x" } }),
      404,
      {
        code: "NOT_FOUND",
        message: "Operation 1: Record not found: 9",
      },
    );
    expectFailure(await transact(newCustomer, { method: "DELETE", entity: "Nothing", id: 9 }), 404, {
      code: "NOT_FOUND",
      message: "Operation 1: Entity not found: Nothing",
    });
    expect([await total("Customer"), await total("Order")]).toEqual([0, 0]);
  });

  it("checks ifMatch of every operation", async () => {
    expectStatus(await transact(newCustomer), 200);
    const update = (ifMatch: string) => ({
      method: "PUT",
      entity: "Customer",
      id: 1,
      ifMatch,
      body: { name: "B" },
    });
    const stale = {
      code: "PRECONDITION_FAILED",
      message: "Operation 1: The record has changed: If-Match does not hold",
    };
    expectFailure(await transact(update('"1"'), update('"1"')), 412, stale);
    expectStatus(await transact(update('"1"'), update('"2"')), 200);
  });

  it("reports the validation problems of all operations together", async () => {
    const answer = await transact(
      { method: "POST", entity: "Customer", body: { email: "x@example.com" } },
      orderOf("1", { $ref: "nobody.id" }),
      { method: "PUT", entity: "Customer", id: 1, body: { age: "old" } },
    );
    expectFailure(answer, 422, {
      code: "VALIDATION_ERROR",
      message: "Operation 0: Validation failed: 3 error(s)",
      details: [
        { field: "operations[0].name", message: "name is required" },
        {
          field: "operations[1].customerId",
          message: "refers to 'nobody.id', which no earlier operation has",
        },
        { field: "operations[2].age", message: "must be an integer" },
      ],
    });
  });

  it.each([
    [{}, "operations is required"],
    [{ operations: [] }, "operations must have at least 1 item"],
    [{ operations: [{ method: "GET" }] }, "operations[0].method must be POST, PUT, PATCH or DELETE"],
    [{ operations: [{ method: "POST", entity: "Customer" }] }, "operations[0].body is required"],
    [{ operations: [newCustomer, newCustomer] }, "Two operations are called 'buyer'"],
    [
      { operations: Array.from({ length: 101 }, () => ({ ...newCustomer, as: undefined })) },
      "operations must have at most 100 items",
    ],
  ])("refuses a body of the wrong shape", async (body, message) => {
    expectFailure(await w.api("POST", "/transaction", { body }), 400, { code: "BAD_REQUEST", message });
  });

  it("repeats only the beginning of an invalid name", async () => {
    const entity = "x".repeat(500_000);
    expectFailure(await transact({ method: "POST", entity, body: {} }), 404, {
      code: "NOT_FOUND",
      message: `Operation 0: Entity not found: ${"x".repeat(200)}…`,
    });
  });

  it("refuses unknown fields, also names such as constructor", async () => {
    const operation = `{"method":"POST","entity":"Customer","body":{"email":"p@example.com","name":"P","__proto__":1}}`;
    expectFailure(await w.api("POST", "/transaction", { body: `{"operations":[${operation}]}` }), 422, {
      code: "VALIDATION_ERROR",
      message: "Operation 0: Validation failed: 1 error(s)",
      details: [{ field: "operations[0].__proto__", message: "is not a field of Customer" }],
    });
    expectFailure(await transact({ ...newCustomer, body: [] }), 400, {
      code: "BAD_REQUEST",
      message: "operations[0].body must be an object",
    });
  });

  it("stores a JSON column unchanged, even if it contains a $ref", async () => {
    await w.define({
      name: "Doc",
      columns: [
        { name: "schema", type: "JSON" },
        { name: "text", type: "VARCHAR" },
      ],
    });
    const schema = { $ref: "#/definitions/x" };
    const answer = await transact({ method: "POST", entity: "Doc", body: { schema } });
    expect(expectStatus(answer, 200).body.data).toEqual([{ id: 1, schema, text: null }]);
    expectFailure(
      await transact(newCustomer, {
        method: "POST",
        entity: "Doc",
        body: { text: { $ref: "buyer.name.x" } },
      }),
      422,
      {
        code: "VALIDATION_ERROR",
        message: "Operation 1: Validation failed: 1 error(s)",
        details: [
          {
            field: "operations[1].text",
            message: "refers to 'buyer.name.x', which no earlier operation has",
          },
        ],
      },
    );
  });

  it("reports missing permissions, then unknown entities, then parameters, then problems of bodies", async () => {
    const { key: token } = await w.createKey({ scopes: [{ entity: "Customer", operations: ["create"] }] });
    const invalid = { ...newCustomer, body: {} };
    const nowhere = { method: "POST", entity: "Nowhere", body: {} };
    const ask = (operations: object[], asking: object = {}) =>
      w.api("POST", "/transaction?foo=1", { body: { operations }, ...asking });
    expectFailure(await ask([invalid, orderOf("1")], { token }), 403, {
      code: "FORBIDDEN",
      message: "Operation 1: This API key is not allowed to create Order",
    });
    expectFailure(await ask([invalid, nowhere]), 404, {
      code: "NOT_FOUND",
      message: "Operation 1: Entity not found: Nowhere",
    });
    expect((await ask([invalid])).body.error.code).toBe("BAD_REQUEST");
  });

  it("copies at most as much by references as a body can have", async () => {
    const columns = ["first", "second"].map((name) => ({ name, type: "TEXT" }));
    await w.define({ name: "Note", columns });
    const note = (body: object) => ({ method: "POST", entity: "Note", body });
    const first = { ...note({ first: "x".repeat(99_000) }), as: "long" };
    const copy = note({ first: { $ref: "long.first" }, second: { $ref: "long.first" } });
    expectFailure(await transact(first, ...Array.from({ length: 99 }, () => copy)), 400, {
      code: "BAD_REQUEST",
      message: "Operation 6: References copy more than 1048576 characters",
    });
    expect(await total("Note")).toBe(0);
    expectStatus(await transact(first, ...Array.from({ length: 5 }, () => copy)), 200);
    expect(await total("Note")).toBe(6);
  });

  it("never mixes its ids with those of other transactions", async () => {
    const buyers = Array.from({ length: 8 }, (_, n) => n);
    const answers = await Promise.all(
      buyers.map((n) => {
        const buyer = { ...newCustomer, body: { email: `b${n}@example.com`, name: `B${n}` } };
        return transact(buyer, orderOf(`${n}-1`), orderOf(`${n}-2`));
      }),
    );
    for (const { body } of answers) {
      const [{ id }, ...orders] = body.data;
      expect(orders.map((record: { customerId: number }) => record.customerId)).toEqual([id, id]);
    }
  });
});
