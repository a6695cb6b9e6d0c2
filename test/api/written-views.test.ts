import { beforeAll, describe, expect, it } from "vitest";
import { askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/** One more than an expansion may hold. */
const TOO_MANY = 1_001;

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(
    { name: "Owner", columns: [{ name: "n", type: "INTEGER" }], settings: { defaultFields: ["n"] } },
    {
      name: "Thing",
      columns: [
        { name: "ownerId", references: { entity: "Owner", relationship: "owner", inverse: "things" } },
      ],
    },
  );
  for (const body of [{ n: 1 }, { n: 2 }]) expectStatus(await w.api("POST", "/Owner", { body }), 201);
  for (let count = 0; count < TOO_MANY; count += 91) {
    const body = Array.from({ length: 91 }, () => ({ ownerId: 1 }));
    expectStatus(await w.api("POST", "/Thing/bulk", { body }), 200);
  }
  expectStatus(
    await w.admin("PATCH", "/entities/Owner", { body: { settings: { defaultExpand: ["things"] } } }),
    200,
  );
});

const total = async () => (await w.api("GET", "/Thing?size=1")).body.meta.totalElements;
const tooMany = {
  code: "BAD_REQUEST",
  message: "Cannot expand 'things': a record has more than 1000 of them — list Thing with a filter instead",
};

describe("a write whose response cannot be shown", () => {
  it("is not done, and its Idempotency-Key is free", async () => {
    const headers = { "Idempotency-Key": "k" };
    expectFailure(await w.api("PUT", "/Owner/1?expand=things", { body: { n: 7 } }), 400, tooMany);
    expect((await w.api("GET", "/Owner/1?expand=&fields=n")).body.data).toEqual({ n: 1 });
    const body = { ownerId: 1 };
    const before = await total();
    expectFailure(await w.api("POST", "/Thing?expand=owner.things", { body, headers }), 400, tooMany);
    expect(await total()).toBe(before);
    expectStatus(await w.api("POST", "/Thing", { body, headers }), 201);
  });

  it("is not done when it goes through many to more than can be shown in all", async () => {
    const v = await makeWorkspace({
      name: "Node",
      columns: [{ name: "upId", references: { entity: "Node", relationship: "up", inverse: "down" } }],
      settings: { maxExpandDepth: 5 },
    });
    const create = async (count: number, upId?: number) => {
      const body = Array.from({ length: count }, () => ({ upId }));
      expectStatus(await v.api("POST", "/Node/bulk", { body }), 200);
    };
    await create(1);
    for (let i = 0; i < 3; i++) await create(50, 1);
    const body = { upId: 2 };
    const post = () => v.api("POST", "/Node?expand=up.up.down.up.down&fields=id,up", { body });
    expectFailure(await post(), 400, {
      code: "BAD_REQUEST",
      message: "Cannot expand 'down': it leads to more than 20000 records — list Node with a filter instead",
    });
    expect((await v.api("GET", "/Node?size=1")).body.meta.totalElements).toBe(151);
    expectStatus(
      await v.admin("PATCH", "/entities/Node", { body: { settings: { maxExpandDepth: 4 } } }),
      200,
    );
    expectStatus(await post(), 201);
  });

  it("costs one round trip where it can be shown", async () => {
    expectStatus(await w.api("POST", "/Thing", { body: { ownerId: 2 } }), 201);
    const { answer, roundTrips } = await askCounted("POST", `${w.apiPath}/Thing?expand=owner.things`, {
      token: w.key,
      body: { ownerId: 2 },
    });
    expect(expectStatus(answer, 201).body.data.owner).toMatchObject({ id: 2, things: [{}, {}] });
    expect(roundTrips).toBe(1);
  });
});

describe("the response to a write", () => {
  it("is the full record, whatever the defaults of reads are", async () => {
    const created = expectStatus(await w.api("POST", "/Owner", { body: { n: 3 } }), 201).body.data;
    expect(created).toEqual({ id: 3, n: 3 });
    expect((await w.api("PUT", "/Owner/1", { body: { n: 8 } })).body).toEqual({ data: { id: 1, n: 8 } });
    expect((await w.api("PUT", "/Owner/2?fields=n", { body: { n: 9 } })).body).toEqual({ data: { n: 9 } });
    expectFailure(await w.api("GET", "/Owner/1"), 400, tooMany);
  });
});

describe("a record that is too large for a response", () => {
  const name = (i: number) => `text${i}`;
  const texts = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [name(from + i), "é".repeat(100_000)]));
  const tooLarge = {
    code: "BAD_REQUEST",
    message: "The response is too large — ask for fewer records, fields or expansions",
  };
  const tooLargeToStore = {
    code: "BAD_REQUEST",
    message:
      "A record or its response would be larger than the database allows — write less text, or ask for fewer fields",
  };

  it("can be changed by a request for fewer fields, but by none whose response cannot be shown", async () => {
    const columns = Array.from({ length: 60 }, (_, i) => ({ name: name(i), type: "TEXT" }));
    const v = await makeWorkspace({ name: "Huge", columns: [...columns, { name: "n", type: "INTEGER" }] });
    expectStatus(await v.api("POST", "/Huge", { body: { n: 0 } }), 201);
    for (let from = 0; from < 60; from += 5) {
      const changed = await v.api("PATCH", "/Huge/1?fields=id", { body: texts(from, 5) });
      /* A server that stores at most 5 MB in a row has no such records. */
      if (changed.status === 400) return expectFailure(changed, 400, tooLargeToStore);
      expectStatus(changed, 200);
    }
    expectFailure(await v.api("GET", "/Huge/1"), 400, tooLarge);
    const n = async () => (await v.api("GET", "/Huge/1?fields=n")).body.data.n;
    for (const [path, body, headers] of [
      ["/Huge/1", { n: 1 }, {}],
      ["/Huge/1", { n: 1 }, { "Idempotency-Key": "k" }],
      ["/Huge/1?fields=text1,text2,n", { n: "x" }, {}],
      ["/Huge/bulk", [{ id: 1, n: 1 }], { Prefer: "return=representation" }],
      ["/Huge/bulk?atomic=true", [{ id: 1, n: 1 }], { Prefer: "return=representation" }],
    ] as const) {
      expect((await v.api("PUT", path, { body, headers })).status, path).toBeGreaterThanOrEqual(400);
      expect(await n(), path).toBe(0);
    }
    expectFailure(await v.api("PUT", "/Huge/1", { body: { n: 1 } }), 400, tooLarge);
    const small = { token: v.key, body: { n: 1 } };
    const created = await askCounted("POST", `${v.apiPath}/Huge`, small);
    expect([created.answer.status, created.roundTrips]).toEqual([201, 1]);
    const changed = await askCounted("PUT", `${v.apiPath}/Huge/2`, small);
    expect([changed.answer.status, changed.roundTrips]).toEqual([200, 1]);
    expect((await v.api("PUT", "/Huge/1?fields=n", { body: { n: 2 } })).body).toEqual({ data: { n: 2 } });
    expect((await v.api("PUT", "/Huge/1?fields=n", { body: {} })).body).toEqual({ data: { n: 2 } });
    const headers = { "Idempotency-Key": "k" };
    const keyed = () => v.api("PUT", "/Huge/1?fields=n", { body: { n: 3 }, headers });
    expect([(await keyed()).text, (await keyed()).text]).toEqual(['{"data":{"n":3}}', '{"data":{"n":3}}']);
    expectStatus(await v.api("PUT", "/Huge/bulk", { body: [{ id: 1, n: 4 }] }), 200);
    expect(await n()).toBe(4);
    const operations = [{ method: "PUT", entity: "Huge", id: 1, body: { n: 5 } }];
    expectFailure(await v.api("POST", "/transaction", { body: { operations } }), 400, tooLarge);
    expect(await n()).toBe(4);
    expectStatus(await v.api("DELETE", "/Huge/1"), 204);
  });
});

describe("defaults that make a request larger", () => {
  it("are written up to a limit", async () => {
    const long = { type: "TEXT", default: "d".repeat(99_000) };
    const columns = Array.from({ length: 10 }, (_, index) => ({ ...long, name: `long${index}` }));
    const v = await makeWorkspace({ name: "Form", columns });
    const post = (count: number, query = "", headers = {}) => {
      const body = Array.from({ length: count }, () => ({}));
      return v.api("POST", `/Form/bulk${query}`, { body, headers });
    };
    const tooLong = {
      code: "BAD_REQUEST",
      message: "The request would write too much text, including defaults — send fewer items",
    };
    expectFailure(await post(100), 400, tooLong);
    expectFailure(await post(6, "?atomic=true"), 400, tooLong);
    expectFailure(await post(6, "", { "Idempotency-Key": "k" }), 400, tooLong);
    expectStatus(await post(5), 200);
    expect((await v.api("GET", "/Form?fields=id")).body.meta.totalElements).toBe(5);
  });
});
