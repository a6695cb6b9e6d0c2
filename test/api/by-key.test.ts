import { beforeAll, describe, expect, it } from "vitest";
import { type Asking, ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const owner = {
  name: "Owner",
  columns: [
    { name: "email", type: "VARCHAR", nullable: false, unique: true },
    { name: "country", type: "VARCHAR" },
  ],
};
const thing = {
  name: "Thing",
  columns: [
    { name: "code", type: "TEXT", unique: true },
    { name: "label", type: "VARCHAR" },
    { name: "amount", type: "INTEGER", default: 0, constraints: [{ type: "MIN", value: 0 }] },
    { name: "number", type: "INTEGER", unique: true },
    { name: "big", type: "BIGINT", unique: true },
    { name: "price", type: "DECIMAL", precision: 15, scale: 2, unique: true },
    { name: "weight", type: "DOUBLE", unique: true },
    { name: "token", type: "UUID", unique: true },
    { name: "day", type: "DATE", unique: true },
    { name: "hour", type: "TIME", unique: true },
    { name: "moment", type: "DATETIME", unique: true },
    { name: "kind", type: "ENUM", values: ["A", "B"], unique: true },
    { name: "flag", type: "BOOLEAN", unique: true },
    { name: "changedAt", type: "DATETIME", autoSet: "UPDATE", unique: true },
    {
      name: "ownerId",
      unique: true,
      references: { entity: "Owner", relationship: "owner", inverse: "things", onDelete: "RESTRICT" },
    },
    { name: "year", type: "INTEGER" },
  ],
  constraints: [{ type: "UNIQUE_COMPOSITE", fields: ["label", "year"] }],
  indexes: [{ fields: ["label"], unique: true, where: { year: 2030 } }],
};
const badge = {
  name: "Badge",
  idType: "UUID",
  columns: [
    { name: "code", type: "VARCHAR", unique: true },
    { name: "note", type: "VARCHAR" },
  ],
};

let w: TestWorkspace;
let made = 0;
beforeAll(async () => {
  w = await makeWorkspace(owner, thing, badge);
});

async function create(body: object = {}) {
  const sent = { code: `c${made++}`, ...body };
  return expectStatus(await w.api("POST", "/Thing", { body: sent }), 201).body.data;
}

const byCode = (code: string) => `/Thing/by/code/${encodeURIComponent(code)}`;
const missing = (shown: string) => ({ code: "NOT_FOUND", message: `Record not found: ${shown}` });

describe("a record that a path names by a unique field", () => {
  it("is read, changed and deleted as by its id, in one round trip each", async () => {
    const { id, code } = await create({ label: "a" });
    const asked = async (method: string, query = "", body?: object) => {
      const asking = { token: w.key, ...(body && { body }) };
      const { answer, roundTrips } = await askCounted(method, w.apiPath + byCode(code) + query, asking);
      expect(roundTrips, `${method} ${query}`).toBe(1);
      return answer;
    };
    const byId = await w.api("GET", `/Thing/${id}`);
    const read = await asked("GET");
    expect([read.body, read.headers.get("ETag")]).toEqual([byId.body, byId.headers.get("ETag")]);
    expect((await asked("GET", "?fields=label,owner&expand=owner")).body.data).toEqual({
      label: "a",
      owner: null,
    });
    const changed = await asked("PATCH", "", { label: "b" });
    expect(changed.body.data).toMatchObject({ id, label: "b" });
    const put = await asked("PUT", "?fields=id,label", { amount: { $increment: 2 } });
    expect(put.body.data).toEqual({ id, label: "b" });
    expect((await asked("PATCH", "", {})).body.data).toMatchObject({ id, amount: 2 });
    expect((await asked("HEAD")).status).toBe(200);
    expectStatus(await asked("DELETE"), 204);
    expectFailure(await asked("GET"), 404, missing(`{code: '${code}'}`));
  });

  it.each([
    ["code", "a/b%25 c+d?e#f&g=h", undefined],
    ["code", "50% — ünïcödé 🎈 'it''s' \"quoted\"", undefined],
    ["code", "%2F", undefined],
    ["code", "x".repeat(1024), undefined],
    ["code", "by", undefined],
    ["number", -7, undefined],
    ["number", 9007199254740991, undefined],
    ["big", "9223372036854775807", undefined],
    ["price", 1234567890123.45, "1234567890123.450"],
    ["weight", 0.1, "1e-1"],
    ["token", "0190a0b0-1234-7abc-8def-0123456789ab", "0190A0B0-1234-7ABC-8DEF-0123456789AB"],
    ["day", "2026-01-31", undefined],
    ["hour", "09:30:00", "09:30"],
    ["moment", "2026-01-31T09:30:00.000Z", "2026-01-31T10:30:00+01:00"],
    ["kind", "B", undefined],
    ["flag", true, undefined],
  ])("has its value read as in filters: %s %j", async (field, value, sent) => {
    const { id } = await create({ [field]: value });
    const path = `/Thing/by/${field}/${encodeURIComponent(String(sent ?? value))}`;
    expect(expectStatus(await w.api("GET", path), 200).body.data).toMatchObject({ id, [field]: value });
    expect(expectStatus(await w.api("PATCH", path, { body: { label: `l${id}` } }), 200).body.data.id).toBe(
      id,
    );
    expectStatus(await w.api("DELETE", path), 204);
    expectStatus(await w.api("GET", `/Thing/${id}`), 404);
  });

  it.each([
    ["code", "nothing"],
    ["code", "NOTHING\0"],
    ["number", "one"],
    ["number", "1.5"],
    ["big", "9223372036854775808"],
    ["price", "1.001"],
    ["token", "x"],
    ["moment", "2026-01-31T09:30:00"],
    ["kind", "C"],
    ["flag", "yes"],
  ])("does not exist for a value that none has or can have: %s %j", async (field, value) => {
    const path = `/Thing/by/${field}/${encodeURIComponent(value)}`;
    for (const [method, body] of [["GET"], ["PUT", { label: "x" }], ["PATCH", {}], ["DELETE"]] as const)
      expectFailure(await w.api(method, path, body && { body }), 404, missing(`{${field}: '${value}'}`));
  });

  it("matches exactly: case counts, and a path without a value names no record", async () => {
    await create({ code: "Case" });
    await create({ code: "" });
    expectStatus(await w.api("GET", byCode("case")), 404);
    for (const path of ["/Thing/by/code/", "/Thing/by/code/%2e", "/Thing/by/code", "/Thing/by/code/a/b"])
      expectFailure(await w.api("DELETE", path), 404, { code: "NOT_FOUND", message: "Route not found" });
  });

  it.each([
    ["labl", "Unknown field 'labl' on Thing — did you mean 'label'?"],
    ["id", /^Field 'id' on Thing is not unique — use code or number/],
    ["label", /^Field 'label' on Thing is not unique — use code or number/],
    ["year", /^Field 'year' on Thing is not unique — use code/],
    ["owner", "'owner' on Thing is a relationship — name one of its fields, such as 'owner.id'"],
  ])("cannot be named by %s", async (field, message) => {
    for (const [method, body] of [["GET"], ["PUT", {}], ["DELETE"]] as const) {
      const answer = await w.api(method, `/Thing/by/${field}/1`, body && { body });
      expect(expectStatus(answer, 400).body.error.message).toMatch(message);
    }
  });

  it("lists the allowed methods for OPTIONS and for other methods", async () => {
    const allowed = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS";
    const options = await w.api("OPTIONS", byCode("x"));
    expect(expectStatus(options, 204).headers.get("Allow")).toBe(allowed);
    const posted = await w.api("POST", byCode("x"), { body: {} });
    expect(expectStatus(posted, 405).headers.get("Allow")).toBe(allowed);
  });

  it("is held to If-Match and If-None-Match", async () => {
    const { code } = await create();
    const tag = (await w.api("GET", byCode(code))).headers.get("ETag") ?? "";
    const sent = (headers: Record<string, string>, body = { label: tag }) => ({ headers, body });
    expectStatus(await w.api("GET", byCode(code), { headers: { "If-None-Match": tag } }), 304);
    expectStatus(await w.api("PUT", byCode(code), sent({ "If-Match": tag })), 200);
    expectStatus(await w.api("PUT", byCode(code), sent({ "If-Match": tag })), 412);
    expectStatus(await w.api("PUT", byCode(code), sent({ "If-None-Match": "*" })), 412);
    expectStatus(await w.api("DELETE", byCode(code), { headers: { "If-Match": tag } }), 412);
    expectStatus(await w.api("PUT", byCode("none"), sent({ "If-Match": tag })), 404);
  });

  it("says which record still refers to it", async () => {
    const { id } = (await w.api("POST", "/Owner", { body: { email: "held@x" } })).body.data;
    await create({ ownerId: id });
    expectFailure(await w.api("DELETE", "/Owner/by/email/held@x"), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Record {email: 'held@x'} is still referenced by things.owner_id",
    });
    expect((await w.api("GET", `/Thing/by/ownerId/${id}`)).body.data.ownerId).toBe(id);
  });

  it("keeps its id: another one is refused", async () => {
    const { id, code } = await create();
    expectStatus(await w.api("PUT", byCode(code), { body: { id, label: `k${id}` } }), 200);
    const answer = await w.api("PUT", byCode(code), { body: { id: id + 1000, label: "z" } });
    expect(expectStatus(answer, 422).body.error.details).toEqual([
      { field: "id", message: "cannot be changed" },
    ]);
  });
});

describe("a change of the key itself", () => {
  const VIEWS = ["", "?fields=id,code", "?fields=id,code&expand=owner"];

  it.each(VIEWS)("returns the changed record (%s)", async (view) => {
    const { id, code } = await create();
    const to = `${code}-new`;
    const moved = await w.api("PATCH", byCode(code) + view, { body: { code: to } });
    expect(expectStatus(moved, 200).body.data).toMatchObject({ id, code: to });
    const cleared = await w.api("PATCH", byCode(to) + view, { body: { code: null } });
    expect(expectStatus(cleared, 200).body.data).toMatchObject({ id, code: null });
    expectStatus(await w.api("PATCH", byCode(to) + view, { body: { code } }), 404);
  });

  it.each(VIEWS)("is replayed under its Idempotency-Key (%s)", async (view) => {
    const { id, code } = await create();
    const asking = { body: { code: null }, headers: { "Idempotency-Key": crypto.randomUUID() } };
    const first = await w.api("PUT", byCode(code) + view, asking);
    const second = await w.api("PUT", byCode(code) + view, asking);
    expect(expectStatus(first, 200).body.data).toMatchObject({ id, code: null });
    expect([second.body, second.headers.get("ETag")]).toEqual([first.body, first.headers.get("ETag")]);
    expect(second.headers.get("Idempotent-Replayed")).toBe("true");
  });

  it("by the server, or by the unique rule of a reference", async () => {
    const { id, changedAt } = await create();
    const path = `/Thing/by/changedAt/${encodeURIComponent(changedAt)}?fields=id,label`;
    const label = `s${id}`;
    expect((await w.api("PUT", path, { body: { label } })).body.data).toEqual({ id, label });
    expectStatus(await w.api("POST", "/Owner", { body: { email: "new@x" } }), 201);
    const { id: ownerId } = (await w.api("POST", "/Owner", { body: { email: "old@x" } })).body.data;
    await create({ ownerId });
    const body = { ownerId: { $by: { email: "new@x" } } };
    const moved = await w.api("PUT", `/Thing/by/ownerId/${ownerId}?expand=owner`, { body });
    expect(moved.body.data.owner.email).toBe("new@x");
  });

  it("works with UUIDs, and is refused when the value is taken", async () => {
    const make = async (code: string) => (await w.api("POST", "/Badge", { body: { code } })).body.data;
    const [one] = [await make("one"), await make("two")];
    const taken = await w.api("PUT", "/Badge/by/code/one?fields=note", { body: { code: "two" } });
    expectFailure(taken, 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "A record with code 'two' already exists",
    });
    const moved = await w.api("PUT", "/Badge/by/code/one?fields=id", { body: { code: "three" } });
    expect(moved.body.data).toEqual({ id: one.id });
  });
});

describe("a unique field, for a key with rules", () => {
  const all = ["read", "create", "update", "delete"];
  const holder = async (scope: object) => {
    const { key } = await w.createKey({ scopes: [{ entity: "Owner", operations: all, ...scope }] });
    return (method: string, path: string, asking: Asking = {}) =>
      ask(method, w.apiPath + path, { token: key, ...asking });
  };

  it("finds no record that does not exist for it: invisible and missing are the same", async () => {
    expectStatus(await w.api("POST", "/Owner", { body: { email: "es@x", country: "ES" } }), 201);
    const api = await holder({ filter: { country: "PT" } });
    for (const email of ["es@x", "nobody@x"])
      for (const [method, query, body] of [
        ["GET", ""],
        ["GET", "?fields=id"],
        ["PUT", "", { country: "PT" }],
        ["PUT", "?fields=id", { email: "taken@x" }],
        ["PATCH", "", {}],
      ] as const)
        expectFailure(
          await api(method, `/Owner/by/email/${email}${query}`, body && { body }),
          404,
          missing(`{email: '${email}'}`),
        );
    expect((await w.api("GET", "/Owner/by/email/es@x")).body.data.country).toBe("ES");
  });

  it("is unknown where it cannot be read", async () => {
    const api = await holder({ fields: ["country"], writableFields: ["email", "country"] });
    for (const [method, body] of [["GET"], ["PUT", {}]] as const)
      expectFailure(await api(method, "/Owner/by/email/es@x", body && { body }), 400, {
        code: "BAD_REQUEST",
        message: "Unknown field 'email' on Owner",
      });
  });

  it("must satisfy the check after a write", async () => {
    expectStatus(await w.api("POST", "/Owner", { body: { email: "pt@x", country: "PT" } }), 201);
    const api = await holder({ filter: { country: "PT" } });
    const leaving = await api("PUT", "/Owner/by/email/pt@x", { body: { country: "ES", email: "gone@x" } });
    expectFailure(leaving, 403, {
      code: "FORBIDDEN",
      message: "This API key is not allowed to update this Owner",
    });
    expectStatus(await api("PUT", "/Owner/by/email/pt@x?fields=id", { body: { email: "pt2@x" } }), 200);
  });

  it("needs the operation", async () => {
    const api = await holder({ operations: ["read"] });
    expectStatus(await api("GET", "/Owner/by/email/es@x"), 200);
    expectFailure(await api("DELETE", "/Owner/by/email/es@x"), 403, {
      code: "FORBIDDEN",
      message: "This API key is not allowed to delete Owner",
    });
  });
});
