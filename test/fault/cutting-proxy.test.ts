import { randomInt } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CUT_POINTS, type CuttingProxy, startCuttingProxy } from "../support/processes/cutting-proxy.ts";
import { Persistent } from "../support/processes/persistent-client.ts";
import { seededRandom } from "../support/processes/seeded-random.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";
import { startOwnDatabase, type TestDatabase } from "../support/processes/test-database.ts";

/*
 * Connections are cut at random, between client and Worker and between Worker and database, at any point of requests
 * and responses. Clients send every write with an Idempotency-Key until it gets a response. FAULT_SEED repeats the
 * random numbers of a run. A libSQL server keeps the connection of a stream whose response was cut for 10 s, so this test
 * takes all of them.
 */
const CLIENTS = 12;
const ROUNDS = 5;
const CUT_PROBABILITY = 0.1;

const item = {
  name: "Item",
  columns: [
    { name: "name", type: "VARCHAR", nullable: false },
    { name: "value", type: "INTEGER", nullable: false, constraints: [{ type: "MIN", value: 0 }] },
  ],
};
const link = {
  name: "Link",
  columns: [
    { name: "label", type: "VARCHAR", nullable: false, unique: true },
    { name: "itemId", nullable: false, references: { entity: "Item", relationship: "item" } },
  ],
};

let database: TestDatabase;
let proxies: readonly [CuttingProxy, CuttingProxy];
let served: Served;
let w: ServedWorkspace;
let seed: number;

beforeEach(async () => {
  seed = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31));
  const random = seededRandom(seed);
  database = await startOwnDatabase();
  const toDatabase = await startCuttingProxy(database.port, random);
  served = await serveWorker({ LIBSQL_URL: `http://127.0.0.1:${toDatabase.port}` });
  proxies = [toDatabase, await startCuttingProxy(served.port, random)];
  w = await makeServedWorkspace(served.baseUrl, item, link);
});

afterEach(async () => {
  await served.stop();
  for (const proxy of proxies) await proxy.stop();
  await database.stop();
});

/** Name → value and number of writes. */
type Meant = Map<string, readonly [value: number, writes: number]>;

/** One client's writes of every kind to its own records. The intended records go to `meant`. */
async function work(client: Persistent, id: number, meant: Meant): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const name = (what: string) => `client ${id} round ${round} ${what}`;
    const single = await client.write("POST", "/Item", 201, { name: name("single"), value: 1 });
    const path = `/Item/${single.body.data.id}`;
    const ifMatch = single.etag;
    await client.write("PUT", path, 200, { value: 2 }, { "If-Match": ifMatch });
    await client.write("PATCH", path, 200, { value: 3 });
    meant.set(name("single"), [3, 3]);

    const doomed = await client.write("POST", "/Item", 201, { name: name("doomed"), value: 1 });
    await client.write("DELETE", `/Item/${doomed.body.data.id}`, 204);

    const items = ["a", "b", "refused", "c"].map((what) => {
      return { name: name(what), value: what === "refused" ? -1 : 1 };
    });
    const bulk = await client.write("POST", "/Item/bulk", 200, items);
    expect(bulk.body).toMatchObject({ succeeded: 3, failed: 1 });
    const whole = [name("d"), name("e")].map((what) => ({ name: what, value: 1 }));
    const kept = { Prefer: "return=representation" };
    const { data } = (await client.write("POST", "/Item/bulk", 200, whole, kept)).body;
    const changes = data.map((record: { id: number }) => ({ id: record.id, value: 9 }));
    const changed = await client.write("PUT", "/Item/bulk", 200, changes);
    expect(changed.body).toEqual({ succeeded: 2, failed: 0 });
    expect((await client.write("DELETE", "/Item/bulk", 200, [data[0].id, 987_654_321])).body).toMatchObject({
      succeeded: 1,
      failed: 1,
    });
    for (const what of ["a", "b", "c"]) meant.set(name(what), [1, 1]);
    meant.set(name("e"), [9, 2]);

    await client.write("POST", "/transaction", 200, {
      operations: [
        { method: "POST", entity: "Item", as: "new", body: { name: name("linked"), value: 5 } },
        { method: "POST", entity: "Link", body: { label: name("link"), itemId: { $ref: "new.id" } } },
        { method: "PUT", entity: "Item", id: single.body.data.id, body: { value: 4 } },
      ],
    });
    meant.set(name("single"), [4, 4]);
    meant.set(name("linked"), [5, 1]);
  }
}

async function stored(client: Persistent): Promise<Meant> {
  const found: Meant = new Map();
  const records = await w.records("Item");
  for (const { id, name, value } of records) {
    const { etag } = await client.read(`/Item/${id}`);
    const twice = found.has(String(name)) ? `${name} again, as ${id}` : String(name);
    found.set(twice, [Number(value), Number.parseInt(etag.slice(1), 10)]);
  }
  return found;
}

it("clients that repeat every write with its Idempotency-Key end with exactly the intended records", async () => {
  const client = new Persistent(`http://127.0.0.1:${proxies[1].port}${w.path}`, w.key);
  const meant: Meant = new Map();
  for (const proxy of proxies) proxy.probability = CUT_PROBABILITY;
  const said = `FAULT_SEED=${seed}`;
  try {
    await Promise.all(Array.from({ length: CLIENTS }, (_, id) => work(client, id, meant)));
  } catch (error) {
    throw new Error(said, { cause: error });
  }
  for (const proxy of proxies) {
    proxy.probability = 0;
    expect(new Set(proxy.cuts.keys()), said).toEqual(new Set(CUT_POINTS));
  }
  const sorted = (records: Meant) => [...records].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted(await stored(client)), said).toEqual(sorted(meant));
  const links = (await w.records("Link", "label")).length;
  expect(links, said).toBe(CLIENTS * ROUNDS);
  expect(client.replays, said).toBeGreaterThan(0);
});
