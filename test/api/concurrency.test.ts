import { beforeEach, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { customer } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Many clients at once. At the end, the database must contain exactly what the responses said. */

/** The most requests of one client, far more than needed. */
const MOST_REQUESTS = 500;
/** Requests that must start after the response to the change. */
const LATE_REQUESTS = 24;

const counter = {
  name: "Counter",
  columns: [
    { name: "value", type: "INTEGER", nullable: false, default: 0 },
    { name: "least", type: "INTEGER", nullable: false, default: 0 },
    { name: "most", type: "INTEGER", nullable: false, default: 10 },
  ],
  constraints: [{ type: "FIELD_LESS_THAN_OR_EQUAL", field: "least", otherField: "most" }],
};

let w: TestWorkspace;
beforeEach(async () => {
  w = await makeWorkspace(customer, counter);
  expectStatus(await w.api("POST", "/Counter", { body: {} }), 201);
});

const clients = <T>(count: number, client: (id: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, id) => client(id)));

describe("many clients at once", () => {
  it("create only one record with a unique value: one 201, all others 409", async () => {
    const body = { email: "same@example.com", name: "Same" };
    const statuses = await clients(16, async () => (await w.api("POST", "/Customer", { body })).status);
    expect(statuses.sort()).toEqual([201, ...Array.from({ length: 15 }, () => 409)]);
    expect((await w.api("GET", "/Customer")).body.meta.totalElements).toBe(1);
  });

  it("cannot get past a rule over two fields by sending one each", async () => {
    const answers = await clients(16, async (id) => {
      const body = id % 2 === 0 ? { least: 8 } : { most: 5 };
      return w.api("PUT", "/Counter/1", { body });
    });
    const { least, most } = (await w.api("GET", "/Counter/1")).body.data;
    expect(least).toBeLessThanOrEqual(most);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, body } of refused) {
      expect({ status, details: body.error.details }).toEqual({
        status: 422,
        details: [{ field: "least", message: "must be less than or equal to most" }],
      });
    }
  });

  it("race on every kind of rule without losing an acknowledged write", async () => {
    const parent = { name: "Parent", columns: [{ name: "code", type: "INTEGER", unique: true }] };
    const child = {
      name: "Child",
      columns: [
        { name: "parentId", nullable: false, references: { entity: "Parent", inverse: "children" } },
        { name: "place", type: "INTEGER" },
        { name: "low", type: "INTEGER", default: 0 },
        { name: "high", type: "INTEGER", default: 9 },
      ],
      constraints: [
        { type: "UNIQUE_COMPOSITE", fields: ["parentId", "place"] },
        { type: "FIELD_LESS_THAN", field: "low", otherField: "high" },
      ],
    };
    const v = await makeWorkspace(parent, child);
    for (const code of [1, 2, 3, 4]) expectStatus(await v.api("POST", "/Parent", { body: { code } }), 201);
    const created: { id: number; body: object }[] = [];
    const deleted = new Set<number>();
    const statuses = new Set<number>();
    await clients(16, async (n) => {
      for (let i = 0; i < 12; i++) {
        const parentId = 1 + ((n + i) % 4);
        const body = { parentId, place: (n * 5 + i) % 7 };
        const added = await v.api("POST", "/Child", { body });
        statuses.add(added.status);
        if (added.status === 201) created.push({ id: added.body.data.id, body });
        const victim = created[(n * 31 + i) % Math.max(1, created.length)]?.id;
        const half = i % 2 === 0 ? { low: 6 } : { high: 5 };
        if (victim) statuses.add((await v.api("PUT", `/Child/${victim}`, { body: half })).status);
        if (i % 5 === 4) {
          const gone = await v.api("DELETE", `/Parent/${parentId}`);
          statuses.add(gone.status);
          if (gone.status === 204) deleted.add(parentId);
        }
        if (victim && i % 6 === 5 && (await v.api("DELETE", `/Child/${victim}`)).status === 204)
          deleted.add(-victim);
      }
    });
    expect([...statuses].filter((status) => ![200, 201, 204, 400, 404, 409, 422].includes(status))).toEqual(
      [],
    );
    const parents = (await v.api("GET", "/Parent?size=1000")).body.data.map(({ id }: { id: number }) => id);
    const children = (await v.api("GET", "/Child?size=1000")).body.data;
    const kept = created.filter(({ id }) => !deleted.has(-id));
    expect(children.map(({ id }: { id: number }) => id)).toEqual(
      kept.map(({ id }) => id).sort((a, b) => a - b),
    );
    for (const { id, body } of kept)
      expect(children.find((each: { id: number }) => each.id === id)).toMatchObject(body);
    const places = children.map(
      (each: { parentId: number; place: number }) => `${each.parentId}:${each.place}`,
    );
    expect(new Set(places).size).toBe(places.length);
    for (const { parentId, low, high } of children) {
      expect(parents).toContain(parentId);
      expect(low).toBeLessThan(high);
    }
  });

  it("see a revocation at once: no request after its response succeeds", async () => {
    for (let round = 0; round < 10; round++) {
      const { id, key } = await w.createKey();
      let isRevoked = false;
      const late: number[] = [];
      const hammering = clients(8, async (n) => {
        for (let i = 0; i < MOST_REQUESTS && late.length < LATE_REQUESTS; i++) {
          const startedAfter = isRevoked;
          const write = { token: key, body: { value: i } };
          const { status } =
            n % 2
              ? await w.api("PUT", "/Counter/1", write)
              : await w.api("GET", "/Counter/1", { token: key });
          if (startedAfter) late.push(status);
        }
      });
      expectStatus(await w.admin("DELETE", `/api-keys/${id}`), 204);
      isRevoked = true;
      await hammering;
      expect(late.length).toBeGreaterThanOrEqual(LATE_REQUESTS);
      expect(late.filter((status) => status !== 401)).toEqual([]);
    }
  });

  it("see a switch to read-only at once: no write after its response succeeds", async () => {
    for (let round = 0; round < 5; round++) {
      let isReadOnly = false;
      const late: number[] = [];
      const hammering = clients(8, async () => {
        for (let i = 0; i < MOST_REQUESTS && late.length < LATE_REQUESTS; i++) {
          const startedAfter = isReadOnly;
          const { status } = await w.api("PUT", "/Counter/1", { body: { value: i } });
          if (startedAfter) late.push(status);
        }
      });
      expectStatus(await w.admin("PATCH", "", { body: { accessMode: "READ_ONLY" } }), 200);
      isReadOnly = true;
      await hammering;
      expect(late.length).toBeGreaterThanOrEqual(LATE_REQUESTS);
      expect(late.filter((status) => status !== 409)).toEqual([]);
      expectStatus(await w.admin("PATCH", "", { body: { accessMode: "ACTIVE" } }), 200);
    }
  });
});
