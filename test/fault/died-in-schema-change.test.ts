import { afterAll, beforeAll, expect, it } from "vitest";
import { type BehindProxy, serveBehindProxy } from "../support/processes/behind-proxy.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import type { Fate } from "../support/processes/http-proxy.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
  writeLease,
} from "../support/processes/served-workspace.ts";

/*
 * A Worker that dies during a schema change: from some round trip on, before or after it ran, the database gets nothing
 * more from it. Another Worker continues.
 */

const RECORDS = 100;
/** The request whose round trips are counted. The Worker makes others, such as scheduled ones. */
const CHANGE = "the-change";
const item = {
  name: "Item",
  columns: [
    { name: "code", type: "INTEGER", nullable: false, default: 7 },
    { name: "name", type: "VARCHAR" },
  ],
};
/** Checks and converts existing records, so it takes a lease and several round trips. */
const change = {
  name: "label",
  type: "VARCHAR",
  length: 20,
  default: "7",
  constraints: [{ type: "PATTERN", value: "^[0-9]+$" }],
};

let dying: BehindProxy;
let healthy: Served;
let w: ServedWorkspace;
let fateOf: (roundTrip: number) => Fate | Promise<Fate> = () => "PASS";
let roundTrips = 0;

beforeAll(async () => {
  dying = await serveBehindProxy(({ requestId }) => {
    return requestId === CHANGE ? fateOf(++roundTrips) : "PASS";
  });
  healthy = await serveWorker({ LIBSQL_URL: dying.databaseUrl });
});
afterAll(async () => {
  await healthy.stop();
  await dying.stop();
});
/** A new workspace without the change. */
async function startAgain(): Promise<void> {
  fateOf = () => "PASS";
  w = await makeServedWorkspace(healthy.baseUrl, item);
  const items = Array.from({ length: RECORDS }, (_, i) => ({ name: `${i}` }));
  expect((await send(healthy, "POST", `${w.path}/Item/bulk`, items)).status).toBe(200);
  await send(dying, "GET", `${w.path}/Item?size=1`);
}

async function send({ baseUrl }: Served, method: string, path: string, body?: unknown, requestId = "") {
  const token = path.startsWith("/admin") ? ADMIN_TOKEN : w.key;
  const response = await fetch(baseUrl + path, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
      "X-Request-Id": requestId,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const changeAt = (served: Served) =>
  send(served, "PATCH", `${w.adminPath}/entities/Item/columns/code`, change, CHANGE);

/** The existing column, and its value in every record. */
async function columnOf(): Promise<string> {
  const records = await w.records("Item");
  expect(records).toHaveLength(RECORDS);
  const shapes = new Set(records.map(({ id: _, name: _name, ...rest }) => JSON.stringify(rest)));
  expect(shapes.size).toBe(1);
  const { body } = await send(healthy, "GET", `${w.adminPath}/entities/Item`);
  const names = body.data.columns.map(({ name }: { name: string }) => name);
  const [shape = ""] = shapes;
  expect(names).toEqual([...Object.keys(JSON.parse(shape)), "name"]);
  return shape;
}

/** Has the effect of 30 seconds on the workspace. */
const endLease = () => writeLease(dying.databaseUrl, w, -1);

async function roundTripsOfChange(): Promise<number> {
  await startAgain();
  roundTrips = 0;
  expect((await changeAt(dying)).status).toBe(200);
  return roundTrips;
}

it.each(["CUT_BEFORE", "CUT_AFTER"] as const)(
  "leaves the old schema or the new one, whole, and a lease that ends (%s)",
  async (fate) => {
    const [OLD, NEW] = ['{"code":7}', '{"label":"7"}'];
    const needed = await roundTripsOfChange();
    expect(needed).toBeGreaterThanOrEqual(3);
    const left: string[] = [];
    for (let last = 1; last <= needed; last++) {
      await startAgain();
      roundTrips = 0;
      fateOf = (roundTrip) => (roundTrip === last ? fate : roundTrip > last ? "CUT_BEFORE" : "PASS");
      expect((await changeAt(dying)).status).toBe(503);
      fateOf = () => "PASS";

      const shape = await columnOf();
      expect([OLD, NEW]).toContain(shape);
      left.push(shape);
      const name = shape === OLD ? "code" : "label";
      const waiting = await send(healthy, "POST", `${w.path}/Item`, {});
      expect([201, 503]).toContain(waiting.status);
      if (waiting.status === 503) {
        expect(waiting.body.error.code).toBe("SCHEMA_MIGRATION_IN_PROGRESS");
        await endLease();
      }
      const added = await send(healthy, "POST", `${w.path}/Item`, {});
      expect(added.status).toBe(201);
      expect(Object.keys(added.body.data)).toContain(name);
      if (shape === OLD) expect((await changeAt(healthy)).status).toBe(200);
    }
    expect(left[0]).toBe(OLD);
    expect(left.includes(NEW)).toBe(fate === "CUT_AFTER");
  },
);

it("is given up if its lease has expired, because others may have written meanwhile", async () => {
  const needed = await roundTripsOfChange();
  const told: unknown[] = [];
  for (let late = 2; late <= needed; late++) {
    await startAgain();
    roundTrips = 0;
    fateOf = async (roundTrip): Promise<Fate> => {
      if (roundTrip !== late) return "PASS";
      await endLease();
      expect((await send(healthy, "POST", `${w.path}/Item`, { code: -5 })).status).toBe(201);
      return "PASS";
    };
    told.push((await changeAt(dying)).body.error?.code);
    const codes = (await w.records("Item")).map(({ code }) => code);
    expect(codes).toEqual([...Array(RECORDS).fill(7), -5]);
  }
  expect(told.at(-1)).toBe("SCHEMA_MIGRATION_IN_PROGRESS");
  expect(["SCHEMA_MIGRATION_IN_PROGRESS", "VALIDATION_ERROR"]).toEqual(expect.arrayContaining(told));
});
