import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Answer, ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { alice, customer, order } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeEach(async () => {
  w = await makeWorkspace(customer, order);
  expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
});

const send = (method: string, path: string, body?: unknown, key = "key 1", more: object = {}) =>
  w.api(method, path, { body, headers: { "Idempotency-Key": key, ...more } });
const person = (n: number) => ({ email: `p${n}@example.com`, name: `P${n}`, age: n });
const total = async () => (await w.api("GET", "/Customer")).body.meta.totalElements;

/** The second response equals the first and is marked as a replay. */
function expectReplay(first: Answer, second: Answer): void {
  const shown = ({ status, text, headers }: Answer) => ({
    status,
    text,
    etag: headers.get("ETag"),
    location: headers.get("Location"),
  });
  expect(shown(second)).toEqual(shown(first));
  expect([first.headers.get("Idempotent-Replayed"), second.headers.get("Idempotent-Replayed")]).toEqual([
    null,
    "true",
  ]);
}

describe("a replay", () => {
  it.each([
    ["POST", "/Booking", { at: "AT", no: "1" }],
    ["PUT", "/Booking/1", { at: "AT" }],
    ["POST", "/Booking/bulk", [{ at: "AT" }]],
    ["POST", "/Booking/bulk?atomic=true", [{ at: "AT" }]],
    ["PUT", "/Booking/bulk?upsertBy=no", [{ no: "0", at: "AT" }]],
    ["POST", "/transaction", { operations: [{ method: "POST", entity: "Booking", body: { at: "AT" } }] }],
  ])("is that of then, where a rule depends on the time: %s %s", async (method, path, body) => {
    const v = await makeWorkspace({
      name: "Booking",
      columns: [
        { name: "at", type: "DATETIME", constraints: [{ type: "FUTURE" }] },
        { name: "no", type: "VARCHAR", unique: true },
      ],
    });
    expectStatus(await v.api("POST", "/Booking", { body: { no: "0" } }), 201);
    const soon = Date.now() + 1000;
    const asking = {
      body: JSON.parse(JSON.stringify(body).replaceAll("AT", new Date(soon).toISOString())),
      headers: { "Idempotency-Key": "k", Prefer: "return=representation" },
    };
    const first = await v.api(method, path, asking);
    expect(first.status).toBeLessThan(300);
    await new Promise((resolve) => setTimeout(resolve, soon - Date.now() + 20));
    expectReplay(first, await v.api(method, path, asking));
    const another = await v.api(method, path, { ...asking, headers: { "Idempotency-Key": "other" } });
    expect(another.text).toContain("must be in the future");
  });

  it("is refused when the key now has fewer rights", async () => {
    const { id, key } = await w.createKey();
    const asking = {
      token: key,
      body: [{ orderNumber: "1", customerId: 1 }],
      headers: { "Idempotency-Key": "k", Prefer: "return=representation" },
    };
    const written = expectStatus(await w.api("POST", "/Order/bulk", asking), 200);
    expect(written.body.succeeded).toBe(1);
    const scopes = [{ entity: "Order", operations: ["read", "create", "update"] }];
    expectStatus(await w.admin("PATCH", `/api-keys/${id}`, { body: { scopes } }), 200);
    expectFailure(await w.api("POST", "/Order/bulk", asking), 409, {
      code: "IDEMPOTENCY_CONFLICT",
      message: expect.stringContaining("was used when the key had more permissions"),
    });
  });
});

describe("a response that just fits", () => {
  /** Stored content is twice as long as in the response, because every character is escaped once more. */
  const text = '"'.repeat(80_000);
  const COUNT = 55;
  let v: TestWorkspace;
  beforeAll(async () => {
    v = await makeWorkspace({
      name: "Doc",
      columns: [
        { name: "text", type: "TEXT" },
        { name: "n", type: "INTEGER" },
      ],
    });
    for (let i = 0; i < COUNT; i += 5) {
      const body = Array.from({ length: 5 }, () => ({ text }));
      expectStatus(await v.api("POST", "/Doc/bulk", { body }), 200);
    }
  });

  it.each([
    ["", COUNT, 0],
    ["?atomic=true", COUNT, 0],
    ["", COUNT, 1],
  ])("is given again: PUT bulk%s of %i records, %i refused", async (query, succeeded, failed) => {
    const body = Array.from({ length: succeeded + failed }, (_, i) => ({ id: i + 1, n: 1 }));
    const headers = { Prefer: "return=representation", "Idempotency-Key": `k${query}${failed}` };
    const put = () => v.api("PUT", `/Doc/bulk${query}`, { body, headers });
    const first = expectStatus(await put(), 200);
    expect(first.body).toMatchObject({ succeeded, failed });
    expectReplay(first, await put());
  });
});

describe("a used Idempotency-Key", () => {
  const DAY_MS = 24 * 60 * 60 * 1000;
  const age = (ms: number) =>
    runSql("UPDATE idempotency SET created_at = ? WHERE principal = ?", [
      new Date(Date.now() - ms).toISOString(),
      w.keyId,
    ]);
  const setAge = (value: unknown) => send("PUT", "/Customer/1", { age: value });

  it("belongs to its request for 24 hours, and is free for others after that", async () => {
    const first = expectStatus(await setAge(77), 200);
    expectStatus(await w.api("PUT", "/Customer/1", { body: { age: 5 } }), 200);
    await age(DAY_MS - 60_000);
    expectReplay(first, await setAge(77));
    await age(DAY_MS + 1000);
    const again = expectStatus(await setAge(77), 200);
    expect((await w.api("GET", "/Customer/1")).body.data.age).toBe(77);
    expectReplay(again, await setAge(77));
    expect((await setAge(78)).status).toBe(409);
    await age(DAY_MS + 1000);
    expectStatus(await setAge(78), 200);
    expect((await setAge("wrong")).status).toBe(409);
    await age(DAY_MS + 1000);
    expectStatus(await setAge("wrong"), 422);
  });
});

describe("a write with an Idempotency-Key", () => {
  it.each([
    ["POST", "/Customer", person(1)],
    ["POST", "/Customer?fields=name", person(1)],
    ["PUT", "/Customer/1", { age: 77 }],
    ["PATCH", "/Customer/1?expand=orders", { age: 78 }],
    ["DELETE", "/Customer/1", undefined],
    ["POST", "/Customer/bulk", [person(1), person(2)]],
    ["POST", "/Customer/bulk?atomic=true", [person(1), person(2)]],
    ["PUT", "/Customer/bulk?upsertBy=email", [person(1), alice]],
    [
      "PUT",
      "/Customer/bulk",
      [
        { id: 1, age: 5 },
        { id: 99, age: 5 },
        { id: 1, age: "x" },
      ],
    ],
    ["POST", "/Customer/bulk", [person(1), person(1), {}]],
    ["DELETE", "/Customer/bulk", [1, 99]],
    [
      "POST",
      "/transaction",
      {
        operations: [
          { method: "POST", entity: "Customer", as: "c", body: person(1) },
          { method: "POST", entity: "Order", body: { orderNumber: "1", customerId: { $ref: "c.id" } } },
          { method: "PUT", entity: "Customer", id: 1, body: { age: 3 } },
        ],
      },
    ],
  ])("%s %s is done once, and its answer given again", async (method, path, body) => {
    const headers = { Prefer: "return=representation" };
    const first = await send(method, path, body, "once", headers);
    expect(first.status, first.text).toBeLessThan(300);
    await w.api("PUT", "/Customer/1", { body: { name: "Changed meanwhile" } });
    const count = await total();
    for (let again = 0; again < 2; again++)
      expectReplay(first, await send(method, path, body, "once", headers));
    expect(await total()).toBe(count);
  });

  it.each([
    ["POST", "/Customer/bulk", [person(1), person(2)], 2, 0],
    ["POST", "/Customer/bulk?atomic=true", [person(1), person(2)], 2, 0],
    ["POST", "/Customer/bulk", [person(1), alice, person(2), person(1)], 2, 2],
    ["POST", "/Customer/bulk", [person(1), { name: "x" }], 1, 1],
    [
      "PUT",
      "/Customer/bulk",
      [
        { id: 1, age: 5 },
        { id: 99, age: 6 },
      ],
      1,
      1,
    ],
    [
      "PUT",
      "/Customer/bulk",
      [
        { id: 1, age: 5 },
        { id: 1, age: 6 },
      ],
      2,
      0,
    ],
    ["PUT", "/Customer/bulk?upsertBy=email", [person(1), { ...alice, age: 9 }], 2, 0],
    ["DELETE", "/Customer/bulk", [1, 1], 1, 1],
    ["DELETE", "/Customer/bulk", [1], 1, 0],
  ])(
    "%s %s is done once without records in its answer too: %j",
    async (method, path, body, succeeded, failed) => {
      const first = expectStatus(await send(method, path, body), 200);
      expect(first.body).toMatchObject({ succeeded, failed });
      expect(first.body.errors?.length ?? 0).toBe(failed);
      await w.api("POST", "/Customer", { body: person(7) });
      const before = (await w.api("GET", "/Customer")).text;
      expectReplay(first, await send(method, path, body));
      expectReplay(first, await send(method, path, body));
      expect((await w.api("GET", "/Customer")).text).toBe(before);
    },
  );

  it("of a bulk request costs one round trip", async () => {
    const { answer, roundTrips } = await askCounted("POST", `${w.apiPath}/Customer/bulk`, {
      token: w.key,
      body: [person(5), person(6)],
      headers: { "Idempotency-Key": "counted" },
    });
    expect([answer.body, roundTrips]).toEqual([{ succeeded: 2, failed: 0 }, 1]);
  });

  it("costs one round trip, also when sent concurrently with others", async () => {
    const headers = { "Idempotency-Key": "counted" };
    const { answer, roundTrips } = await askCounted("POST", `${w.apiPath}/Customer`, {
      token: w.key,
      body: person(5),
      headers,
    });
    expectStatus(answer, 201);
    expect(roundTrips).toBe(1);
  });

  it("that was refused stores nothing: the key may be sent again", async () => {
    for (const [method, path, body, status] of [
      ["POST", "/Customer", alice, 409],
      ["POST", "/Customer", { name: "x" }, 422],
      ["PUT", "/Customer/99", { name: "x" }, 404],
      ["DELETE", "/Customer/99", undefined, 404],
      ["POST", "/Order", { orderNumber: "1", customerId: 99 }, 400],
    ] as const) {
      expectStatus(await send(method, path, body), status);
    }
    const stale = await send("PUT", "/Customer/1", { age: 1 }, "key 1", { "If-Match": '"9"' });
    expectStatus(stale, 412);
    expectStatus(await send("POST", "/Customer", person(1)), 201);
  });

  it("refuses the same key with another method, path or body", async () => {
    expectStatus(await send("POST", "/Customer", person(1)), 201);
    for (const [method, path, body] of [
      ["POST", "/Customer", person(2)],
      ["POST", "/Customer?fields=id", person(1)],
      ["PUT", "/Customer/1", { age: 1 }],
      ["DELETE", "/Customer/1", undefined],
      ["POST", "/Customer/bulk", [person(3)]],
    ] as const) {
      expectFailure(await send(method, path, body), 409, {
        code: "IDEMPOTENCY_CONFLICT",
        message: "This Idempotency-Key was used for another request — send a new one",
      });
    }
    expect(await total()).toBe(2);
    expectStatus(await send("PUT", "/Customer/1", { age: 1 }, "key 2"), 200);
    expect((await send("PATCH", "/Customer/1", { age: 1 }, "key 2")).body.error.code).toBe(
      "IDEMPOTENCY_CONFLICT",
    );
  });

  describe.each([
    ["POST", "/Customer/bulk", [person(1), person(2)]],
    ["POST", "/Customer/bulk", [person(1), alice]],
    ["POST", "/Customer/bulk?atomic=true", [person(1), person(2)]],
    ["PUT", "/Customer/bulk?atomic=true", [{ id: 1, age: 5 }]],
    ["DELETE", "/Customer/bulk", [1]],
    ["DELETE", "/Customer/bulk?atomic=true", [1]],
  ])("%s %s %j", (method, path, body) => {
    const returning = { Prefer: "return=representation" };

    it.each([
      ["without records", {}, returning],
      ["with records", returning, {}],
    ])("given %s is that again, whatever is preferred then", async (_, then, now) => {
      const first = expectStatus(await send(method, path, body, "key 1", then), 200);
      const again = await send(method, path, body, "key 1", now);
      expectReplay(first, again);
      expect(again.headers.get("Preference-Applied")).toBe(first.headers.get("Preference-Applied"));
    });
  });

  it.each([
    ["PATCH", "/entities/Note/columns/label", { constraints: [{ type: "MIN_LENGTH", value: 5 }] }],
    ["PATCH", "/entities/Note/columns/label", { name: "other" }],
    ["DELETE", "/entities/Note/columns/label?confirm=label", undefined],
    ["PATCH", "/entities/Note", { name: "Renamed" }],
    ["DELETE", "/entities/Note?confirm=Note", undefined],
  ])("is refused after %s %s %j, which it no longer fits", async (method, path, body) => {
    const v = await makeWorkspace({
      name: "Note",
      columns: [
        { name: "label", type: "VARCHAR" },
        { name: "rest", type: "TEXT" },
      ],
    });
    const post = (label: string) =>
      v.api("POST", "/Note", { body: { label }, headers: { "Idempotency-Key": "k" } });
    const { id } = expectStatus(await post("text"), 201).body.data;
    expectStatus(await v.api("PUT", `/Note/${id}`, { body: { label: "longer text" } }), 200);
    expect((await v.admin(method, path, { body })).status).toBeLessThan(300);
    expectFailure(await post("text"), 409, {
      code: "IDEMPOTENCY_CONFLICT",
      message:
        "This Idempotency-Key was used before the schema was changed: the write was done, but its response cannot be repeated",
    });
  });

  it("is refused after a schema change that the isolate has not seen", async () => {
    const constraints = [{ type: "FUTURE" }];
    const v = await makeWorkspace({
      name: "Booking",
      columns: [{ name: "at", type: "DATETIME", constraints }],
    });
    const soon = Date.now() + 1000;
    const body = { at: new Date(soon).toISOString() };
    const post = () => v.api("POST", "/Booking", { body, headers: { "Idempotency-Key": "k" } });
    expectStatus(await post(), 201);
    const mine = `SELECT workspace_id FROM api_keys WHERE id = '${v.keyId}'`;
    await runSql(
      `UPDATE entities SET definition = replace(definition, '"FUTURE"', '"PAST"') WHERE workspace_id = (${mine})`,
    );
    await runSql(
      `UPDATE workspaces SET schema_version = schema_version + 1, revision = revision + 1 WHERE id = (${mine})`,
    );
    await new Promise((resolve) => setTimeout(resolve, soon - Date.now() + 20));
    expectFailure(await post(), 409, {
      code: "IDEMPOTENCY_CONFLICT",
      message:
        "This Idempotency-Key was used before the schema was changed: the write was done, but its response cannot be repeated",
    });
  });

  it("refuses the same key with another, invalid request", async () => {
    expectStatus(await send("PUT", "/Customer/1", { age: 31 }), 200);
    const used = {
      code: "IDEMPOTENCY_CONFLICT",
      message: "This Idempotency-Key was used for another request — send a new one",
    };
    expectFailure(await send("PUT", "/Customer/1", { age: "x" }), 409, used);
    expectFailure(await send("PUT", "/Customer/abc", { age: 3 }), 409, used);
    expectFailure(await send("PUT", "/Customer/1?foo=1", { age: 3 }), 409, used);
  });

  it("reports an invalid key after errors of permission and entity", async () => {
    const { key: token } = await w.createKey({ scopes: [{ entity: "Customer", operations: ["read"] }] });
    const headers = { "Idempotency-Key": "x".repeat(256) };
    const body = { age: "x" };
    expectStatus(await w.api("POST", "/Customer", { token, body, headers }), 403);
    expectStatus(await w.api("POST", "/Nowhere", { body, headers }), 404);
    expectStatus(await w.api("POST", "/Customer", { body, headers }), 400);
  });

  it("is done once when it is sent many times at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => send("POST", "/Customer", person(1))));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get("Idempotent-Replayed") === null)).toHaveLength(1);
    expect(await total()).toBe(2);
  });

  it("has a separate key for each API key", async () => {
    const { key } = await w.createKey();
    expectStatus(await send("POST", "/Customer", person(1)), 201);
    const headers = { "Idempotency-Key": "key 1" };
    expectStatus(await ask("POST", `${w.apiPath}/Customer`, { token: key, body: person(2), headers }), 201);
  });

  it.each(["", "x".repeat(256), "t\tb"])("refuses '%s' as a key", async (key) => {
    const answer = await send("POST", "/Customer", person(1), key);
    expectFailure(answer, 400, {
      code: "BAD_REQUEST",
      message: "Idempotency-Key must be 1 to 255 printable ASCII characters",
    });
  });

  it("obeys the fence before a replay", async () => {
    expectStatus(await send("POST", "/Customer", person(1)), 201);
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "READ_ONLY" } }), 200);
    expect((await send("POST", "/Customer", person(1))).status).toBe(409);
    expectStatus(await w.admin("DELETE", `/api-keys/${w.keyId}`), 204);
    expect((await send("POST", "/Customer", person(1))).status).toBe(401);
  });
});
