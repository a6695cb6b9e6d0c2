import { afterAll, beforeAll, expect, it } from "vitest";
import { pause } from "../../src/lib/clock.ts";
import { type Fate, type HttpProxy, startHttpProxy } from "../support/processes/http-proxy.ts";
import { send } from "../support/processes/send.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";
import { startTestDatabase, type TestDatabase } from "../support/processes/test-database.ts";

/* `sqld` does one write at a time, and a long queue of them can block it for good. */

const WRITERS = 8;
const STREAMS = 2;
const CLIENTS = 40;
/** Longer than requests that may be made at once need to arrive. */
const HELD_MS = 300;

let database: TestDatabase;
let proxy: HttpProxy;
let served: Served;
let w: ServedWorkspace;
let atOnce = 0;
let most = 0;
let opened = 0;
let closed = 0;
let closedByWrites = 0;

beforeAll(async () => {
  database = await startTestDatabase();
  proxy = await startHttpProxy(database.url, async ({ body }): Promise<Fate> => {
    const isNew = body.includes('"baton":null');
    const closes = body.includes('"close"');
    if (closes && !isNew) closed += 1;
    if (!body.includes("INSERT")) return "PASS";
    if (isNew) opened += 1;
    if (closes) closedByWrites += 1;
    most = Math.max(most, ++atOnce);
    await pause(HELD_MS);
    atOnce -= 1;
    return "PASS";
  });
  served = await serveWorker({ LIBSQL_URL: proxy.url, LIBSQL_STREAMS: String(STREAMS) });
  const item = { name: "Item", columns: [{ name: "n", type: "INTEGER" }] };
  w = await makeServedWorkspace(served.baseUrl, item);
});
afterAll(async () => {
  await served.stop();
  await proxy.stop();
  await database.stop();
});

it("a burst of writes is done eight at a time, each on the stream of the one before, and none is refused", async () => {
  const create = (n: number) =>
    send(`${served.baseUrl}${w.path}/Item`, { method: "POST", token: w.key, body: { n } });
  /* From here on, the process knows the key and the schema, and only writes. */
  expect((await create(0))?.status).toBe(201);
  most = opened = closed = closedByWrites = 0;
  const answers = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => create(n)));
  expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([201]));
  expect(most).toBe(WRITERS);
  expect(opened).toBeLessThanOrEqual(WRITERS);
  expect(closedByWrites).toBe(0);
  /* The process may read and close on its own account too. */
  await expect.poll(() => closed).toBeGreaterThanOrEqual(opened + 1 - STREAMS);
  expect(await w.records("Item", "n")).toHaveLength(CLIENTS + 1);
});
