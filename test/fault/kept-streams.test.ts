import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KeptStreams } from "../../src/libsql/kept-streams.ts";
import { openHttpDatabase } from "../../src/libsql/open-http-database.ts";
import { type LibsqlServer, startLibsqlServer } from "../../tools/libsql-server/start-libsql-server.ts";
import {
  type Fate,
  type HttpProxy,
  type ProxyAnswer,
  type SeenRequest,
  startHttpProxy,
} from "../support/processes/http-proxy.ts";

/* The libSQL client over HTTP: what happens to a kept stream, and to the write that uses it. */

let directory = "";
let server: LibsqlServer;
let proxy: HttpProxy;
let other: HttpProxy;
let streams: KeptStreams;
let fates: Fate[] = [];
let seen: SeenRequest[] = [];
let seenByOther: SeenRequest[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kept-streams-"));
  server = await startLibsqlServer({ file: join(directory, "data.db") });
  proxy = await startHttpProxy(server.url, (request) => {
    seen.push(request);
    return fates.shift() ?? "PASS";
  });
  other = await startHttpProxy(server.url, (request) => {
    seenByOther.push(request);
    return "PASS";
  });
});
afterAll(async () => {
  await proxy.stop();
  await other.stop();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  streams = new KeptStreams(2);
  await direct("DROP TABLE IF EXISTS t").catch(() => []);
  await direct("CREATE TABLE t (id INTEGER PRIMARY KEY, n UNIQUE)");
  fates = [];
  seen = [];
  seenByOther = [];
});

const endpoint = (url: string) => ({ url, authToken: undefined, requestId: "test" });
const open = () => openHttpDatabase(endpoint(proxy.url), streams);
const direct = (sql: string) => openHttpDatabase(endpoint(server.url)).run({ sql, args: [] });
const insert = (n: number | string) => ({ sql: "INSERT INTO t (n) VALUES (?)", args: [n] });
const stored = async () => (await direct("SELECT n FROM t ORDER BY id")).map(([n]) => n);

/** Generous, for a busy machine. */
const PATIENCE = { timeout: 30_000 };

const JSON_TYPE = { "content-type": "application/json" };

interface Sent {
  readonly baton: string | null;
  readonly requests: readonly { readonly type: string }[];
}
const sent = (requests = seen): readonly Sent[] => requests.map(({ body }) => JSON.parse(body));
const types = () => sent().map(({ requests }) => requests.map(({ type }) => type));
const batons = (requests = seen) => sent(requests).map(({ baton }) => baton);
const text = (status: number, body: string): ProxyAnswer => ({ status, body });

it("one request after the other uses the same stream, and each baton is used once", async () => {
  for (const n of [1, 2, 3]) await open().write([insert(n)]);
  const [first, ...others] = batons();
  expect(first).toBeNull();
  expect(new Set(others)).toHaveLength(2);
  expect(others).not.toContain(null);
  expect(await stored()).toEqual([1, 2, 3]);
});

it("without streams, each read opens one and closes it in one request", async () => {
  const database = openHttpDatabase(endpoint(proxy.url), new KeptStreams(0));
  await database.read([{ sql: "SELECT 1", args: [] }]);
  await database.read([{ sql: "SELECT 1", args: [] }]);
  expect(batons()).toEqual([null, null]);
  expect(types()).toEqual([
    ["batch", "close"],
    ["batch", "close"],
  ]);
});

it("without streams, a write closes the one that it opened only when it knows that it was not refused", async () => {
  const database = openHttpDatabase(endpoint(proxy.url), new KeptStreams(0));
  await database.write([insert(1)]);
  expect(types()).toEqual([["batch"], ["close"]]);
  fates = [{ status: 200, body: JSON.stringify({ baton: "refused", results: [refusedBatch] }) }];
  await expect(database.write([insert(2)])).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect(types()).toEqual([["batch"], ["close"], ["batch"]]);
  await expect.poll(() => types().at(-1), PATIENCE).toEqual(["close"]);
  expect(batons().at(-1)).toBe("refused");
});

it("requests at the same time never share a stream, and no more are kept than allowed", async () => {
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  await Promise.all(numbers.map((n) => open().write([insert(n)])));
  const used = batons().filter((baton) => baton !== null);
  expect(new Set(used)).toHaveLength(used.length);
  expect((await stored()).toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers);
  seen = [];
  await Promise.all([1, 2, 3].map(() => open().run({ sql: "SELECT 1", args: [] })));
  expect(batons().filter((baton) => baton !== null).length).toBeLessThanOrEqual(3);
});

describe.each<[string, ProxyAnswer]>([
  [
    "has expired",
    text(400, '{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}'),
  ],
  ["is unknown", text(400, "Received an invalid baton")],
  ["was used", text(400, "Received a baton that has already been used")],
  ["was closed", text(400, "Stream for this baton was closed")],
])("a stream that %s", (_, error) => {
  it("ran nothing: the write is sent once more on a new stream, and done once", async () => {
    await open().write([insert(1)]);
    fates = [error];
    await open().write([insert(2)]);
    expect(await stored()).toEqual([1, 2]);
    expect(batons()).toEqual([null, expect.any(String), null]);
    await open().write([insert(3)]);
    expect(batons().at(-1)).toEqual(expect.any(String));
  });

  it("is not replaced again and again: a second one is reported", async () => {
    await open().write([insert(1)]);
    fates = [error, error];
    await expect(open().write([insert(2)])).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(seen).toHaveLength(3);
    expect(await stored()).toEqual([1]);
  });
});

describe.each<[string, Fate, readonly number[]]>([
  ["is cut before the server has it", "CUT_BEFORE", [1]],
  ["is cut after the server has run it", "CUT_AFTER", [1, 2]],
  ["gets a broken response", { status: 200, body: '{"baton":"b","results":[{', isRun: true }, [1, 2]],
  [
    "gets a response without results",
    { status: 200, body: '{"baton":"b","results":[]}', isRun: true },
    [1, 2],
  ],
  ["gets another error", text(400, "Received an invalid baton from the proxy"), [1]],
  ["gets an error", { status: 500, body: "Received an invalid baton", isRun: true }, [1, 2]],
])("a write on a kept stream that %s", (_, fate, left) => {
  it("has an unknown result: it is not sent again, and the stream is not used again", async () => {
    await open().write([insert(1)]);
    fates = [fate];
    await expect(open().write([insert(2)])).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(await stored()).toEqual(left);
    const before = sent().filter(({ requests }) => requests[0]?.type === "batch");
    expect(before).toHaveLength(2);
    const used = new Set(batons());
    await open().write([insert(3)]);
    const after = batons().at(-1) ?? null;
    expect(after === null || !used.has(after)).toBe(true);
    expect(await stored()).toEqual([...left, 3]);
  });
});

it("a write that takes too long is dropped with its stream", async () => {
  await open().write([insert(1)]);
  fates = ["HANG_AFTER"];
  await expect(open().write([insert(2)], 50)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  await open().write([insert(3)]);
  expect(batons()).toEqual([null, expect.any(String), null, expect.any(String)]);
  expect(types().slice(-2)).toEqual([["batch"], ["close"]]);
  expect(await stored()).toEqual([1, 2, 3]);
});

it("a failed write leaves no transaction on its stream: others can write at once, and the stream goes on", async () => {
  await open().write([insert(1)]);
  await expect(open().write([insert(2), insert(1)])).rejects.toThrow("UNIQUE");
  await direct("INSERT INTO t (n) VALUES (3)");
  await open().write([insert(4)]);
  expect(batons()).toEqual([null, expect.any(String), expect.any(String)]);
  expect(await stored()).toEqual([1, 3, 4]);
});

it("a stream whose write was refused because another one has the lock is closed when its turn has passed", async () => {
  await open().write([insert(1)]);
  const busy = new KeptStreams(1);
  const other = openHttpDatabase(endpoint(proxy.url), busy);
  fates = [{ status: 200, body: JSON.stringify({ baton: "kept", results: [refusedBatch] }) }];
  await expect(other.write([insert(2)])).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect(sent()).toHaveLength(2);
  const closing = { baton: "kept", requests: [{ type: "close" }] };
  await expect.poll(() => sent().at(-1), PATIENCE).toEqual(closing);
});

/** The results of BEGIN, a statement, COMMIT and ROLLBACK. */
const refusedBatch = {
  type: "ok",
  response: {
    type: "batch",
    result: {
      step_results: [null, null, null, null],
      step_errors: [{ message: "database is locked", code: "SQLITE_BUSY" }, null, null, null],
    },
  },
};

it("a response that is too large may leave a transaction open: its stream is closed", async () => {
  const large = { sql: "SELECT printf('%.*c', 4000000, 'x') FROM (VALUES (1), (2), (3))", args: [] };
  await expect(open().write([insert(1), large])).rejects.toMatchObject({ code: "BAD_REQUEST" });
  expect(
    sent()
      .at(-1)
      ?.requests.map(({ type }) => type),
  ).toEqual(["close"]);
  await direct("INSERT INTO t (n) VALUES (2)");
  expect(await stored()).toEqual([2]);
});

/** The result of a statement. */
const doneAlone = {
  type: "ok",
  response: {
    type: "batch",
    result: { step_results: [{ rows: [], affected_row_count: 0 }], step_errors: [null] },
  },
};

it("the address that a response names is used for its stream, but not after the server was restarted", async () => {
  const opened = await fetch(`${server.url}/v3/pipeline`, {
    method: "POST",
    headers: JSON_TYPE,
    body: '{"baton":null,"requests":[{"type":"batch","batch":{"steps":[{"stmt":{"sql":"SELECT 1"}}]}}]}',
  });
  const response = (await opened.json()) as object;
  fates = [{ status: 200, body: JSON.stringify({ ...response, base_url: `${other.url}/` }) }];
  await open().run({ sql: "SELECT 1", args: [] });
  await open().write([insert(1)]);
  await open().write([insert(2)]);
  expect([seen.length, seenByOther.length]).toEqual([1, 2]);
  expect(batons(seenByOther)).toEqual([expect.any(String), expect.any(String)]);
  await server.close();
  server = await startLibsqlServer({ file: join(directory, "data.db"), port: server.port });
  await open().write([insert(3)]);
  expect(batons()).toEqual([null, null]);
  expect(await stored()).toEqual([1, 2, 3]);
});

it("an address that is not of HTTP is not used", async () => {
  const response = { baton: "kept", base_url: "file:///etc", results: [doneAlone] };
  fates = [{ status: 200, body: JSON.stringify(response) }];
  await open().run({ sql: "SELECT 1", args: [] });
  await open().write([insert(1)]);
  expect(batons()).toEqual([null, null]);
});

it("a server that has no connections left gets those that are kept, and keeps none for a while", async () => {
  await Promise.all([open().run(insert(1)), open().run(insert(2))]);
  const keptBefore = streams;
  seen = [];
  fates = [
    "DELAY",
    "DELAY",
    { status: 429, body: '{"error":"Timed out while opening database connection"}' },
  ];
  const busy = [open().run(insert(3)), open().run(insert(4))];
  await expect.poll(() => seen.length, PATIENCE).toBe(2);
  await expect(open().run(insert(5))).rejects.toMatchObject({
    code: "SERVICE_UNAVAILABLE",
    headers: { "Retry-After": "1" },
  });
  await Promise.all(busy);
  await expect
    .poll(
      () => sent().filter(({ requests }) => requests.every(({ type }) => type === "close")).length,
      PATIENCE,
    )
    .toBe(2);
  seen = [];
  await openHttpDatabase(endpoint(proxy.url), keptBefore).run(insert(6));
  expect(types()).toEqual([["batch"], ["close"]]);
  expect(batons()[0]).toBeNull();
  expect(await stored()).not.toContain(5);
});

it("a stream that the server has really ended is replaced", async () => {
  const impatient = await startLibsqlServer({ file: join(directory, "impatient.db"), streamIdleMs: 1 });
  const database = () => openHttpDatabase(endpoint(impatient.url), streams);
  await database().run({ sql: "CREATE TABLE t (n UNIQUE)", args: [] });
  await expect.poll(() => streamIsEnded(impatient.url), PATIENCE).toBe(true);
  await database().write([insert(1)]);
  expect(await database().run({ sql: "SELECT n FROM t", args: [] })).toEqual([[1]]);
  await impatient.close();
});

/** Opens a stream and uses it again. */
async function streamIsEnded(url: string): Promise<boolean> {
  const post = (baton: string | null) =>
    fetch(`${url}/v3/pipeline`, {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify({ baton, requests: [{ type: "get_autocommit" }] }),
    });
  const { baton } = (await (await post(null)).json()) as { baton: string };
  return (await post(baton)).status === 400;
}
