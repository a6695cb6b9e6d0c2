import { beforeAll, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const invalid = (...details: object[]) => ({
  code: "VALIDATION_ERROR",
  message: `Validation failed: ${details.length} error(s)`,
  details,
});

const customer = {
  name: "Customer",
  columns: [
    { name: "email", type: "VARCHAR", nullable: false, unique: true },
    { name: "nickname", type: "VARCHAR", length: 40 },
    { name: "age", type: "INTEGER" },
  ],
};
const order = {
  name: "Order",
  columns: [
    { name: "number", type: "VARCHAR", length: 40 },
    { name: "total", type: "DECIMAL", precision: 12, scale: 2, default: 0 },
    {
      name: "customerId",
      references: { entity: "Customer", relationship: "customer", inverse: "orders", onDelete: "CASCADE" },
    },
  ],
  constraints: [{ type: "UNIQUE_COMPOSITE", fields: ["customerId", "number"] }],
};

let w: TestWorkspace;

async function create(entity: string, ...bodies: object[]): Promise<number[]> {
  const ids: number[] = [];
  for (const body of bodies) {
    ids.push(expectStatus(await w.api("POST", `/${entity}`, { body }), 201).body.data.id);
  }
  return ids;
}

const records = async (entity: string) => (await w.api("GET", `/${entity}`)).body.data;
const versionOf = async () => (await w.admin("GET", "")).body.data.schemaVersion;

beforeAll(async () => {
  w = await makeWorkspace(customer, order);
  await create(
    "Customer",
    { email: "a@x", nickname: "ann", age: 30 },
    { email: "b@x" },
    { email: "c@x", age: 7 },
  );
  await create("Order", { number: "ORD-1", total: 10.5, customerId: 1 }, { number: "ORD-2", customerId: 1 });
});

describe("a column", () => {
  it("is added, with its default for existing records", async () => {
    const before = await versionOf();
    const body = { name: "status", type: "ENUM", values: ["NEW", "PAID"], nullable: false, default: "NEW" };
    const answer = expectStatus(await w.admin("POST", "/entities/Order/columns", { body }), 201);
    expect(answer.body.data).toMatchObject({
      id: expect.stringMatching(/^col_/),
      columnName: "status",
      ...body,
    });
    expect(await versionOf()).toBe(before + 1);
    expect(await records("Order")).toMatchObject([{ status: "NEW" }, { status: "NEW" }]);
  });

  it("keeps the values of existing records when its default changes", async () => {
    const body = { default: "PAID" };
    expectStatus(await w.admin("PATCH", "/entities/Order/columns/status", { body }), 200);
    expect(await records("Order")).toMatchObject([{ status: "NEW" }, { status: "NEW" }]);
    const [id] = await create("Order", { number: "ORD-3" });
    expect((await w.api("GET", `/Order/${id}`)).body.data.status).toBe("PAID");
  });

  it("cannot be added as required without a default if there are records", async () => {
    const body = { name: "code", type: "INTEGER", nullable: false };
    expectFailure(
      await w.admin("POST", "/entities/Customer/columns", { body }),
      422,
      invalid({ field: "code", message: "3 existing records have no value (ids: 1, 2, 3)" }),
    );
    expect((await records("Customer"))[0]).not.toHaveProperty("code");
  });

  it("keeps its values in a rename, and everything that uses its name follows", async () => {
    const settings = { defaultFields: ["id", "number"], filterableFields: ["number", "customer.email"] };
    expectStatus(await w.admin("PATCH", "/entities/Order", { body: { settings } }), 200);
    expectStatus(
      await w.admin("PATCH", "/entities/Order/columns/number", { body: { name: "orderNumber" } }),
      200,
    );
    expectStatus(await w.admin("PATCH", "/entities/Customer/columns/email", { body: { name: "mail" } }), 200);
    const { data } = (await w.admin("GET", "/entities/Order")).body;
    expect(data).toMatchObject({
      columns: [{ name: "orderNumber", columnName: "number" }, {}, {}, {}],
      constraints: [{ fields: ["customerId", "orderNumber"] }],
      settings: { defaultFields: ["id", "orderNumber"], filterableFields: ["orderNumber", "customer.mail"] },
    });
    expect((await records("Order"))[0]).toEqual({ id: 1, orderNumber: "ORD-1" });
    const none = { defaultFields: null, filterableFields: null };
    expectStatus(await w.admin("PATCH", "/entities/Order", { body: { settings: none } }), 200);
    expectFailure(await w.api("POST", "/Order", { body: { orderNumber: "ORD-1", customerId: 1 } }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "A record with customerId '1' and orderNumber 'ORD-1' already exists",
    });
  });

  it.each([
    [{ nullable: false }, "age", "1 existing records have no value (ids: 2)"],
    [{ unique: true }, "mail", undefined],
    [{ length: 2 }, "nickname", "1 existing records are longer than 2 characters (ids: 1)"],
    [{ type: "INTEGER" }, "nickname", "1 existing records do not convert to INTEGER without loss (ids: 1)"],
    [
      { constraints: [{ type: "MIN", value: 18 }] },
      "age",
      "1 existing records break the rule 'must be at least 18' (ids: 3)",
    ],
    [
      { constraints: [{ type: "PATTERN", value: "^b", message: "must begin with b" }] },
      "mail",
      "2 existing records break the rule 'must begin with b' (ids: 1, 3)",
    ],
    [
      { references: { entity: "Order", relationship: "x" } },
      "age",
      "2 existing records refer to a missing Order (ids: 1, 3)",
    ],
    [{ type: "ENUM", values: ["bob"] }, "nickname", "1 existing records are not one of: bob (ids: 1)"],
  ])("is changed by %j only if existing records allow it", async (body, column, message) => {
    const before = await w.admin("GET", "/schema");
    const answer = await w.admin("PATCH", `/entities/Customer/columns/${column}`, { body });
    if (message === undefined) expectStatus(answer, 200);
    else {
      expectFailure(answer, 422, invalid({ field: column, message }));
      expect((await w.admin("GET", "/schema")).body).toEqual(before.body);
    }
  });

  it("is converted without loss, there and back", async () => {
    const patch = (body: object) => w.admin("PATCH", "/entities/Customer/columns/age", { body });
    const ages = async () => (await records("Customer")).map(({ age }: { age: unknown }) => age);
    expectStatus(await patch({ type: "VARCHAR", length: 10 }), 200);
    expect(await ages()).toEqual(["30", null, "7"]);
    expectStatus(await patch({ type: "DECIMAL", precision: 5, scale: 2 }), 200);
    expect(await ages()).toEqual([30, null, 7]);
    expect((await w.api("GET", "/Customer?filter[age.gt]=9.5")).body.meta.totalElements).toBe(1);
    expectStatus(await patch({ type: "INTEGER" }), 200);
    expect((await w.admin("GET", "/entities/Customer")).body.data.columns[2]).not.toHaveProperty("scale");
  });

  it.each(["-9223372036854775808", "9223372036854775807", `-${"9".repeat(30)}`, "9".repeat(30)])(
    "is not converted to a DECIMAL that cannot hold %s",
    async (text) => {
      const name = text.length > 20 ? { type: "TEXT" } : { type: "BIGINT" };
      const v = await makeWorkspace({ name: "Item", columns: [{ name: "value", ...name }] });
      expectStatus(await v.api("POST", "/Item", { body: { value: text } }), 201);
      for (const [precision, scale] of [
        [4, 0],
        [4, 2],
        [15, 15],
      ]) {
        const body = { type: "DECIMAL", precision, scale };
        const message = `1 existing records do not fit DECIMAL(${precision}, ${scale}) (ids: 1)`;
        const answer = await v.admin("PATCH", "/entities/Item/columns/value", { body });
        expectFailure(answer, 422, invalid({ field: "value", message }));
      }
    },
  );

  it("is dropped with its index, only if its name is confirmed and nothing uses it", async () => {
    const drop = (query: string) => w.admin("DELETE", `/entities/Order/columns/customerId${query}`);
    expect((await drop("")).status).toBe(400);
    expectFailure(
      await drop("?confirm=customerId"),
      422,
      invalid({ field: "constraints[0].fields[0]", message: "'customerId' is not a field of this entity" }),
    );
    expectStatus(await w.admin("PATCH", "/entities/Order", { body: { constraints: [] } }), 200);
    expectStatus(await drop("?confirm=customerId"), 204);
    expect(await records("Order")).toHaveLength(3);
    expect((await w.api("GET", "/Customer?expand=orders")).status).toBe(400);
    expect((await w.admin("DELETE", "/entities/Order/columns/nothing?confirm=nothing")).body.error).toEqual({
      code: "NOT_FOUND",
      message: "Column not found: nothing",
    });
  });
});

describe("an entity", () => {
  it("can change its table name and rules, unless records break them", async () => {
    const clash = { tableName: "Customers" };
    expect((await w.admin("PATCH", "/entities/Order", { body: clash })).status).toBe(409);
    expectStatus(await w.admin("PATCH", "/entities/Order", { body: { tableName: "purchases" } }), 200);
    expect(await records("Order")).toHaveLength(3);
    await create("Order", { orderNumber: "ORD-4" });
    const constraints = [{ type: "UNIQUE_COMPOSITE", fields: ["total", "status"] }];
    expectFailure(
      await w.admin("PATCH", "/entities/Order", { body: { constraints } }),
      422,
      invalid({ field: "total", message: "2 existing records share the same total and status (ids: 3, 4)" }),
    );
  });
});

describe("a change of schema", () => {
  it("costs one round trip when no record must be checked", async () => {
    const body = { name: "note", type: "TEXT" };
    await askCounted("GET", `/admin/v1${w.adminPath}/schema`, { token: ADMIN_TOKEN });
    const { answer, roundTrips } = await askCounted(
      "POST",
      `/admin/v1${w.adminPath}/entities/Order/columns`,
      {
        token: ADMIN_TOKEN,
        body,
      },
    );
    expectStatus(answer, 201);
    expect(roundTrips).toBeLessThanOrEqual(2);
  });

  it("that changes nothing keeps the version", async () => {
    const before = await versionOf();
    expectStatus(await w.admin("PATCH", "/entities/Order", { body: { tableName: "purchases" } }), 200);
    expect(await versionOf()).toBe(before);
  });

  it("gives records new ETags, because their shape has changed", async () => {
    const { headers } = await w.api("GET", "/Order/1");
    const tag = headers.get("ETag") ?? "";
    expect((await w.api("GET", "/Order/1", { headers: { "If-None-Match": tag } })).status).toBe(304);
    const body = { name: "extra", type: "TEXT", default: "x" };
    expectStatus(await w.admin("POST", "/entities/Order/columns", { body }), 201);
    const after = expectStatus(await w.api("GET", "/Order/1", { headers: { "If-None-Match": tag } }), 200);
    expect(after.body.data.extra).toBe("x");
    const put = await w.api("PUT", "/Order/1", { body: { extra: "y" }, headers: { "If-Match": tag } });
    expect(put.status).toBe(412);
  });

  it("is refused by access modes that lock the schema", async () => {
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "SCHEMA_LOCKED" } }), 200);
    const error = { code: "WORKSPACE_STATUS", message: "Workspace schema is locked" };
    const column = { name: "x", type: "TEXT" };
    expectFailure(await w.admin("POST", "/entities/Order/columns", { body: column }), 409, error);
    expectFailure(await w.admin("PUT", "/schema?allow=lossy", { body: { entities: [] } }), 409, error);
    expectStatus(await w.admin("PUT", "/schema?dryRun=true", { body: { entities: [] } }), 200);
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "ACTIVE" } }), 200);
  });
});

describe("the schema as one document", () => {
  it("can have up to 1,000 references", async () => {
    const v = await makeWorkspace();
    const entities = Array.from({ length: 6 }, (_, i) => ({
      name: `E${i}`,
      columns: Array.from({ length: i ? 200 : 1 }, (_, j) => ({
        name: `r${j}`,
        references: { entity: `E${Math.max(0, i - 1)}`, relationship: `x${j}`, inverse: null },
      })),
    }));
    const put = (body: object) => v.admin("PUT", "/schema", { body });
    expectFailure(await put({ entities }), 400, {
      code: "BAD_REQUEST",
      message: "A workspace is limited to 1000 references",
    });
    entities[0]?.columns.pop();
    expectStatus(await put({ entities }), 200);
    const column = { name: "more", references: { entity: "E1", relationship: "more", inverse: null } };
    expectFailure(await v.admin("POST", "/entities/E0/columns", { body: column }), 400, {
      code: "BAD_REQUEST",
      message: "A workspace is limited to 1000 references",
    });
    expectStatus(await v.admin("DELETE", `?confirm=${v.workspace}`), 204);
  });

  it("defines entities that refer to each other in a circle", async () => {
    const v = await makeWorkspace();
    const entities = [
      { name: "Person", columns: [{ name: "teamId", references: { entity: "Team", inverse: "members" } }] },
      {
        name: "Team",
        idType: "UUID",
        columns: [
          { name: "leaderId", references: { entity: "Person", onDelete: "SET_NULL" } },
          { name: "parentId", references: { entity: "Team", inverse: "parts", onDelete: "CASCADE" } },
        ],
      },
    ];
    const dry = expectStatus(await v.admin("PUT", "/schema?dryRun=true", { body: { entities } }), 200);
    expect(dry.body.data).toEqual({
      version: 0,
      changes: [
        { kind: "ADD_ENTITY", entity: "Person", risk: "SAFE" },
        { kind: "ADD_ENTITY", entity: "Team", risk: "SAFE" },
      ],
    });
    expect((await v.admin("GET", "/schema")).body.data).toEqual({
      deployment: expect.stringMatching(/^dep_/),
      version: 0,
      entities: [],
    });
    expectStatus(await v.admin("PUT", "/schema", { body: { entities } }), 200);
    const person = expectStatus(await v.api("POST", "/Person", { body: {} }), 201).body.data.id;
    const team = expectStatus(await v.api("POST", "/Team", { body: { leaderId: person } }), 201).body.data.id;
    expectStatus(await v.api("PUT", `/Person/${person}`, { body: { teamId: team } }), 200);
    expect((await v.api("GET", `/Team/${team}?expand=members,leader`)).body.data).toMatchObject({
      leader: { id: person },
      members: [{ id: person }],
    });
  });

  it("renames by id, swaps of names included, and keeps the records", async () => {
    const v = await makeWorkspace(customer, order);
    expectStatus(await v.api("POST", "/Customer", { body: { email: "a@x", nickname: "n", age: 3 } }), 201);
    expectStatus(await v.api("POST", "/Order", { body: { number: "1", customerId: 1 } }), 201);
    const { entities } = (await v.admin("GET", "/schema")).body.data;
    const [first, second] = structuredClone(entities);
    const [email, nickname] = first.columns;
    [email.name, nickname.name] = [nickname.name, email.name];
    [email.columnName, nickname.columnName] = [nickname.columnName, email.columnName];
    [first.name, second.name] = [second.name, first.name];
    [first.tableName, second.tableName] = [second.tableName, first.tableName];
    second.columns[2].references.entity = first.name;
    const body = { entities: [first, second] };
    const { data } = expectStatus(await v.admin("PUT", "/schema", { body }), 200).body;
    expect(data.changes).toEqual([
      { kind: "RENAME_ENTITY", entity: "Order", from: "Customer", risk: "SAFE" },
      { kind: "RENAME_COLUMN", entity: "Order", column: "nickname", from: "email", risk: "SAFE" },
      { kind: "RENAME_COLUMN", entity: "Order", column: "email", from: "nickname", risk: "SAFE" },
      { kind: "RENAME_ENTITY", entity: "Customer", from: "Order", risk: "SAFE" },
    ]);
    expect((await v.api("GET", "/Order/1?expand=orders")).body.data).toEqual({
      id: 1,
      nickname: "a@x",
      email: "n",
      age: 3,
      orders: [{ id: 1, number: "1", total: 0, customerId: 1 }],
    });
    expect((await v.api("GET", "/Customer")).body.meta.totalElements).toBe(1);
  });

  it("destroys data only when allowed explicitly", async () => {
    const v = await makeWorkspace(customer, order);
    const kept = { name: "Customer", columns: [customer.columns[0]] };
    const body = { entities: [kept] };
    const refused = await v.admin("PUT", "/schema", { body });
    expectFailure(
      refused,
      422,
      invalid(
        { field: "Customer.nickname", message: "DROP_COLUMN destroys data — repeat with ?allow=lossy" },
        { field: "Customer.age", message: "DROP_COLUMN destroys data — repeat with ?allow=lossy" },
        { field: "Order", message: "DROP_ENTITY destroys data — repeat with ?allow=lossy" },
      ),
    );
    expect((await v.admin("PUT", "/schema?allow=all", { body })).status).toBe(400);
    expectStatus(await v.admin("PUT", "/schema?allow=lossy", { body }), 200);
    const again = expectStatus(await v.admin("PUT", "/schema", { body }), 200);
    expect(again.body.data).toEqual({ version: 3, changes: [] });
    const log = expectStatus(await v.admin("GET", "/schema/changes"), 200).body;
    expect(log.meta.totalElements).toBe(3);
    expect(log.data.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1]);
    expect(log.data[0]).toEqual({
      version: 3,
      appliedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      changes: [
        { kind: "DROP_COLUMN", entity: "Customer", column: "nickname", risk: "LOSSY" },
        { kind: "DROP_COLUMN", entity: "Customer", column: "age", risk: "LOSSY" },
        { kind: "DROP_ENTITY", entity: "Order", risk: "LOSSY" },
      ],
    });
  });

  it("reports conflicts in a dry run", async () => {
    const v = await makeWorkspace(customer);
    for (const email of ["a@x", "b@x", "c@x", "d@x"])
      expectStatus(await v.api("POST", "/Customer", { body: { email } }), 201);
    const changed = structuredClone(customer) as { name: string; columns: Record<string, unknown>[] };
    Object.assign(changed.columns[1] ?? {}, { nullable: false });
    Object.assign(changed.columns[0] ?? {}, { type: "TEXT", length: undefined, indexed: true });
    const body = { entities: [changed] };
    const { changes } = expectStatus(await v.admin("PUT", "/schema?dryRun=true", { body }), 200).body.data;
    const reason = "4 existing records have no value (first ids: 1, 2, 3)";
    expect(changes).toEqual([
      {
        kind: "ALTER_COLUMN",
        entity: "Customer",
        column: "email",
        properties: ["type", "length", "indexed"],
        risk: "SAFE",
      },
      {
        kind: "ALTER_COLUMN",
        entity: "Customer",
        column: "nickname",
        properties: ["nullable"],
        risk: "BLOCKED",
        reason,
      },
    ]);
    expectFailure(
      await v.admin("PUT", "/schema", { body }),
      422,
      invalid({ field: "Customer.nickname", message: reason }),
    );
  });

  it("is protected by If-Match", async () => {
    const v = await makeWorkspace(customer);
    const { headers, body } = await v.admin("GET", "/schema");
    expect(headers.get("ETag")).toBe('"1"');
    const put = (tag: string) =>
      v.admin("PUT", "/schema", {
        body: { entities: [...body.data.entities, order] },
        headers: { "If-Match": tag },
      });
    expectFailure(await put('"0"'), 412, {
      code: "PRECONDITION_FAILED",
      message: "The schema has changed: If-Match does not hold",
    });
    expect(expectStatus(await put('"1"'), 200).headers.get("ETag")).toBe('"2"');
    expect((await put('"1"')).status).toBe(412);
  });

  it.each([
    [{ entities: "x" }, { field: "entities", message: "must be an array" }],
    [
      { entities: [], version: 1 },
      { field: "version", message: "is not a known property" },
    ],
    [
      { entities: [{ name: "A", columns: [{ name: "x" }] }] },
      { field: "entities[0].columns[0].type", message: "is required" },
    ],
    [
      { entities: [{ name: "A" }, { name: "A", tableName: "b" }] },
      { field: "entities[1].name", message: "'A' is already taken" },
    ],
    [
      { entities: [{ name: "A" }, { name: "B", columns: [{ name: "c", references: { entity: "C" } }] }] },
      { field: "entities[1].columns[0].references.entity", message: "Entity not found: C" },
    ],
    [
      { entities: [{ name: "Customer", idType: "UUID" }] },
      { field: "entities[0].idType", message: "cannot be changed" },
    ],
  ])("refuses %j", async (body, detail) => {
    const v = await makeWorkspace(customer);
    expectFailure(await v.admin("PUT", "/schema?allow=lossy", { body }), 422, invalid(detail));
  });

  it("never gives an entity the id of another workspace", async () => {
    const v = await makeWorkspace(customer);
    const { entities } = (await v.admin("GET", "/schema")).body.data;
    const other = await makeWorkspace();
    expectStatus(await other.admin("PUT", "/schema", { body: { entities } }), 200);
    const copy = (await other.admin("GET", "/schema")).body.data.entities;
    expect(copy[0].id).not.toBe(entities[0].id);
    expect(copy[0].columns[0].id).not.toBe(entities[0].columns[0].id);
    expectStatus(await v.api("POST", "/Customer", { body: { email: "a@x" } }), 201);
    expect((await other.api("GET", "/Customer")).body.data).toEqual([]);
  });
});
