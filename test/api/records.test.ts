import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, expectFailure, expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
});

const newCustomer = async (fields: object = {}) => {
  const email = `${crypto.randomUUID()}@example.com`;
  return expectStatus(await w.api("POST", "/Customer", { body: { ...alice, email, ...fields } }), 201).body
    .data;
};

describe("create", () => {
  it("returns 201 with Location, ETag and the full record in schema order, with defaults", async () => {
    const answer = await w.api("POST", "/Customer", { body: { name: "Ann", email: "ann@example.com" } });
    expectStatus(answer, 201);
    const { id } = answer.body.data;
    expect(answer.text).toBe(
      `{"data":{"id":${id},"email":"ann@example.com","name":"Ann","age":null,"vip":false}}`,
    );
    expect(answer.headers.get("Location")).toBe(`${w.apiPath}/Customer/${id}`);
    expect(answer.headers.get("ETag")).toMatch(/^"1-[0-9a-z]+"$/);
  });

  it("accepts a free id, and refuses a taken one", async () => {
    expectStatus(
      await w.api("POST", "/Customer", { body: { ...alice, id: 5000, email: "five@example.com" } }),
      201,
    );
    const again = await w.api("POST", "/Customer", {
      body: { ...alice, id: 5000, email: "six@example.com" },
    });
    expectFailure(again, 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "A record with id '5000' already exists",
    });
  });

  it("refuses an id so large that later generated ids would be inexact in JSON", async () => {
    const own = await makeWorkspace(customer);
    const create = (body: object) => own.api("POST", "/Customer", { body: { ...alice, ...body } });
    expectFailure(await create({ id: 2 ** 52 }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "id", message: "must be at most 4503599627370495" }],
    });
    expectStatus(await create({ id: 2 ** 52 - 1 }), 201);
    const { id } = expectStatus(await create({ email: "next@example.com" }), 201).body.data;
    expect(id).toBe(2 ** 52);
    expectStatus(await own.api("GET", `/Customer/${id}`), 200);
  });

  it.each([
    ["POST", "/Customer", (body: object) => body],
    ["POST", "/Customer/bulk", (body: object) => [{ ...alice, email: "other@example.com" }, body]],
    [
      "POST",
      "/transaction",
      (body: object) => ({ operations: [{ method: "POST", entity: "Customer", body }] }),
    ],
  ])(
    "of a deleted record's id by %s %s makes a record that no tag of the old one fits",
    async (method, path, wrap) => {
      const own = await makeWorkspace(customer);
      const record = { ...alice, id: 7 };
      const first = expectStatus(await own.api("POST", "/Customer", { body: record }), 201).headers.get(
        "ETag",
      );
      expectStatus(await own.api("DELETE", "/Customer/7"), 204);
      expect((await own.api(method, path, { body: wrap(record) })).status).toBeLessThan(300);
      const seen = { "If-None-Match": first ?? "" };
      expect(expectStatus(await own.api("GET", "/Customer/7", { headers: seen }), 200).body.data.id).toBe(7);
      const headers = { "If-Match": first ?? "" };
      expectStatus(await own.api("PUT", "/Customer/7", { body: { age: 40 }, headers }), 412);
      expectStatus(await own.api("DELETE", "/Customer/7", { headers }), 412);
    },
  );

  it("with a deleted record's id starts at a later version than the old record had", async () => {
    const own = await makeWorkspace(customer);
    const create = () => own.api("POST", "/Customer", { body: { ...alice, id: 7 } });
    const versionOf = ({ headers }: { headers: Headers }) =>
      Number.parseInt(headers.get("ETag")?.slice(1) ?? "", 10);
    expectStatus(await create(), 201);
    const writes = Array.from({ length: 100 }, () => ({ id: 7, age: 40 }));
    for (let i = 0; i < 5; i++) expectStatus(await own.api("PUT", "/Customer/bulk", { body: writes }), 200);
    const old = versionOf(await own.api("GET", "/Customer/7"));
    expectStatus(await own.api("DELETE", "/Customer/7"), 204);
    const created = expectStatus(await create(), 201);
    expect(versionOf(created)).toBeGreaterThan(old);
    const headers = { "If-Match": created.headers.get("ETag") ?? "" };
    expectStatus(await own.api("PUT", "/Customer/7", { body: { age: 41 }, headers }), 200);
  });

  it("never generates the id of a deleted record again", async () => {
    const { id } = await newCustomer();
    expectStatus(await w.api("DELETE", `/Customer/${id}`), 204);
    expect((await newCustomer()).id).toBeGreaterThan(id);
  });

  it("names the field and value of a duplicate", async () => {
    const { email } = await newCustomer();
    expectFailure(await w.api("POST", "/Customer", { body: { ...alice, email } }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: `A record with email '${email}' already exists`,
    });
  });

  it("names column, value and table of a reference to a missing record", async () => {
    expectFailure(await w.api("POST", "/Order", { body: { orderNumber: "A-1", customerId: 999999 } }), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Referenced customer_id '999999' does not exist in customers",
    });
  });

  it("reports all problems together, in column order, unknown fields last", async () => {
    const body = { nmae: "x", age: "old", vip: null, email: null };
    expectFailure(await w.api("POST", "/Customer", { body }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 5 error(s)",
      details: [
        { field: "email", message: "email is required" },
        { field: "name", message: "name is required" },
        { field: "age", message: "must be an integer" },
        { field: "vip", message: "vip is required" },
        { field: "nmae", message: "is not a field of Customer" },
      ],
    });
  });

  it("sets autoSet fields itself and refuses values for them", async () => {
    const { id: customerId } = await newCustomer();
    const created = await w.api("POST", "/Order", { body: { orderNumber: "A-2", customerId } });
    expectStatus(created, 201);
    expect(created.body.data.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const body = { orderNumber: "A-3", customerId, createdAt: "2026-01-01T00:00:00Z" };
    expectFailure(await w.api("POST", "/Order", { body }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "createdAt", message: "is read-only" }],
    });
  });
});

describe("read", () => {
  it("returns the record", async () => {
    const record = await newCustomer();
    const answer = await w.api("GET", `/Customer/${record.id}`);
    expectStatus(answer, 200);
    expect(answer.body).toEqual({ data: record });
  });

  it.each(["999999999", "abc", "0x1", "1.0", "01", "%00", "1%20", "9007199254740993", "-1"])(
    "answers 404 for the id %s",
    async (id) => {
      expectFailure(await w.api("GET", `/Customer/${id}`), 404, {
        code: "NOT_FOUND",
        message: `Record not found: ${decodeURIComponent(id)}`,
      });
    },
  );

  it.each(["Custoer", "customer", "__proto__", "constructor", "%22;DROP%20TABLE%20customers", "%E0%A4%A"])(
    "answers 404 for the entity %s",
    async (name) => {
      const answer = await w.api("GET", `/${name}`);
      expect(answer.status, answer.text).toBe(404);
      expect(answer.body.error.message).toMatch(/^Entity not found: /);
    },
  );

  it.each(["", "/999999999"])(
    "HEAD sends the status and headers of GET without a body (%s)",
    async (missing) => {
      const path = `/Customer${missing || `/${(await newCustomer()).id}`}`;
      const headers = { "X-Request-Id": crypto.randomUUID() };
      const [got, head] = [await w.api("GET", path, { headers }), await w.api("HEAD", path, { headers })];
      /* Only the measured times may differ. */
      const headOf = ({ status, headers }: Answer) =>
        [status, ...headers].map((part) => String(part).replaceAll(/dur=\d+/g, "dur=N"));
      expect(head.text).toBe("");
      expect(headOf(head)).toEqual(headOf(got));
    },
  );
});

describe.each(["PUT", "PATCH"])("update by %s", (method) => {
  it("changes and validates only the sent fields, and changes the ETag", async () => {
    const record = await newCustomer();
    const answer = await w.api(method, `/Customer/${record.id}`, { body: { age: 31 } });
    expectStatus(answer, 200);
    expect(answer.body.data).toEqual({ ...record, age: 31 });
    expect(answer.headers.get("ETag")).toMatch(/^"2-[0-9a-z]+"$/);
  });

  it("changes nothing for {}", async () => {
    const record = await newCustomer();
    const answer = await w.api(method, `/Customer/${record.id}`, { body: {} });
    expect({ status: answer.status, body: answer.body, etag: answer.headers.get("ETag") }).toEqual({
      status: 200,
      body: { data: record },
      etag: expect.stringMatching(/^"1-/),
    });
  });

  it("refuses an id that differs from the path", async () => {
    const { id } = await newCustomer();
    expectStatus(await w.api(method, `/Customer/${id}`, { body: { id } }), 200);
    expectFailure(await w.api(method, `/Customer/${id}`, { body: { id: id + 1 } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "id", message: "cannot be changed" }],
    });
  });

  it("returns 422 before 404, and 404 for a missing record", async () => {
    const invalid = await w.api(method, "/Customer/999999999", { body: { age: "x" } });
    expect(invalid.status, invalid.text).toBe(422);
    expectFailure(await w.api(method, "/Customer/999999999", { body: { age: 1 } }), 404, {
      code: "NOT_FOUND",
      message: "Record not found: 999999999",
    });
  });

  it("refuses a reference to a record that does not exist", async () => {
    const { id: customerId } = await newCustomer();
    const created = await w.api("POST", "/Order", { body: { orderNumber: crypto.randomUUID(), customerId } });
    const { id } = expectStatus(created, 201).body.data;
    expectFailure(await w.api(method, `/Order/${id}`, { body: { customerId: 999999999 } }), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Referenced customer_id '999999999' does not exist in customers",
    });
  });

  it("refuses a duplicate of a unique value", async () => {
    const [one, two] = [await newCustomer(), await newCustomer()];
    expectFailure(await w.api(method, `/Customer/${one.id}`, { body: { email: two.email } }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: `A record with email '${two.email}' already exists`,
    });
  });
});

describe("delete", () => {
  it("returns 204 without a body, then 404", async () => {
    const { id } = await newCustomer();
    const answer = await w.api("DELETE", `/Customer/${id}`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: "" });
    expectFailure(await w.api("DELETE", `/Customer/${id}`), 404, {
      code: "NOT_FOUND",
      message: `Record not found: ${id}`,
    });
  });

  it("is refused while other records refer to it", async () => {
    const { id } = await newCustomer();
    const body = { orderNumber: crypto.randomUUID(), customerId: id };
    expectStatus(await w.api("POST", "/Order", { body }), 201);
    expectFailure(await w.api("DELETE", `/Customer/${id}`), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: `Record ${id} is still referenced by orders.customer_id`,
    });
    expectStatus(await w.api("GET", `/Customer/${id}`), 200);
  });
});
