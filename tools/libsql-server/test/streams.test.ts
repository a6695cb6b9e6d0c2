import { join } from "node:path";
import { expect, it } from "vitest";
import { startLibsqlServer } from "../start-libsql-server.ts";
import {
  CLOSE,
  execute,
  pipeline,
  plainRows,
  post,
  query,
  readResult,
  requireBaton,
} from "./support/hrana.ts";
import { makeTempDir, startTestServer } from "./support/test-server.ts";

it("keeps a transaction open over several requests", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const first = await pipeline(server, [execute("BEGIN"), execute("INSERT INTO t VALUES (1)")]);
  expect(plainRows(await query(server, "SELECT a FROM t")), "not seen by others").toEqual([]);
  const second = await pipeline(server, [execute("INSERT INTO t VALUES (2)")], requireBaton(first));
  const third = await pipeline(server, [execute("COMMIT"), CLOSE], requireBaton(second));
  expect(third.baton).toBeNull();
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([[1n], [2n]]);
});

it("rolls back what is open when the stream is closed", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  await pipeline(server, [execute("BEGIN"), execute("INSERT INTO t VALUES (1)"), CLOSE]);
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([]);
});

it("gives every request a new baton that serves once", async () => {
  const server = await startTestServer();
  const first = requireBaton(await pipeline(server, [execute("SELECT 1")]));
  const second = requireBaton(await pipeline(server, [execute("SELECT 1")], first));
  expect(second).not.toBe(first);
  const reused = await post(server, { baton: first, requests: [] });
  expect([reused.status, await reused.text()]).toEqual([400, "Received a baton that has already been used"]);
  readResult(await pipeline(server, [execute("SELECT 1")], second), 0);
});

it("refuses a baton it never gave, and one whose stream was closed", async () => {
  const server = await startTestServer();
  const answerTo = async (baton: string) => {
    const response = await post(server, { baton, requests: [] });
    return [response.status, response.headers.get("content-type"), await response.text()];
  };
  const invalid = [400, "text/plain", "Received an invalid baton"];
  const baton = requireBaton(await pipeline(server, []));
  const forged = baton.slice(0, -8) + (baton.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA");
  for (const unknown of ["", "AAAA", "no base64!", forged]) expect(await answerTo(unknown)).toEqual(invalid);
  await pipeline(server, [CLOSE], baton);
  expect(await answerTo(baton)).toEqual(invalid);
});

it("does not know the batons of the server before it", async () => {
  const file = join(await makeTempDir(), "restarted.db");
  const before = await startLibsqlServer({ file });
  const baton = requireBaton(await pipeline(before, []));
  await before.close();
  const response = await post(await startTestServer({ file }), { baton, requests: [] });
  expect([response.status, await response.text()]).toEqual([400, "Received an invalid baton"]);
});

it("refuses a baton whose request has not ended", async () => {
  const server = await startTestServer();
  const holder = await pipeline(server, [execute("BEGIN IMMEDIATE")]);
  const baton = requireBaton(await pipeline(server, []));
  const waiting = post(server, { baton, requests: [execute("CREATE TABLE t (a)"), CLOSE] });
  const second = await post(server, { baton, requests: [] });
  expect([second.status, await second.text()]).toEqual([400, "Received a baton that has already been used"]);
  await pipeline(server, [execute("COMMIT"), CLOSE], requireBaton(holder));
  expect((await waiting).status).toBe(200);
});

it("expires an idle stream, rolls it back and lets the next writer in", async () => {
  const server = await startTestServer({ streamIdleMs: 20, writerWaitMs: 30_000 });
  await query(server, "CREATE TABLE t (a)");
  const open = await pipeline(server, [execute("BEGIN IMMEDIATE"), execute("INSERT INTO t VALUES ('lost')")]);
  // Granted only by the expiry: the wait for the writer slot is far longer than the test may take.
  await query(server, "INSERT INTO t VALUES ('kept')");
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([["kept"]]);
  const late = await post(server, { baton: open.baton, requests: [] });
  expect([late.status, late.headers.get("content-type"), await late.json()]).toEqual([
    400,
    "application/json",
    { message: "The stream has expired due to inactivity", code: "STREAM_EXPIRED" },
  ]);
});

it("drops the stream after a protocol error", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const response = await post(server, {
    requests: [
      execute("BEGIN"),
      execute("INSERT INTO t VALUES (1)"),
      { type: "execute", stmt: { sql_id: 1 } },
    ],
  });
  expect(response.status).toBe(400);
  await query(server, "INSERT INTO t VALUES (2)");
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([[2n]]);
});

it("answers 400 to requests after close", async () => {
  const server = await startTestServer();
  const response = await post(server, { requests: [CLOSE, execute("SELECT 1")] });
  expect([response.status, await response.text()]).toEqual([400, "Stream for this baton was closed"]);
});

it("refuses a stream when all connections stay in use, but not a request on an open one", async () => {
  const server = await startTestServer({ maxConnections: 2, connectionWaitMs: 20 });
  const batons = [requireBaton(await pipeline(server, [])), requireBaton(await pipeline(server, []))];
  const refused = await post(server, { requests: [CLOSE] });
  expect([refused.status, await refused.json()]).toEqual([
    429,
    { error: "Timed out while opening database connection" },
  ]);
  await pipeline(server, [CLOSE], batons[0]);
  expect((await post(server, { requests: [CLOSE] })).status).toBe(200);
});

it("opens a stream that waited as soon as another is closed or expires", async () => {
  const server = await startTestServer({ maxConnections: 1, connectionWaitMs: 30_000, streamIdleMs: 20 });
  await pipeline(server, []);
  const afterExpiry = requireBaton(await pipeline(server, []));
  const waiting = post(server, { requests: [execute("SELECT 1"), CLOSE] });
  await pipeline(server, [CLOSE], afterExpiry);
  expect((await waiting).status).toBe(200);
});

it("gives the connection back after a protocol error", async () => {
  const server = await startTestServer({ maxConnections: 1, connectionWaitMs: 20 });
  expect((await post(server, { requests: [CLOSE, CLOSE] })).status).toBe(400);
  expect((await post(server, { requests: [CLOSE] })).status).toBe(200);
});

it("keeps no snapshot after an EXPLAIN, so that the same stream can write when others have", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const explain = "EXPLAIN QUERY PLAN SELECT 1 FROM t WHERE a IN (SELECT a FROM t)";
  const first = await pipeline(server, [execute(explain), execute("BEGIN IMMEDIATE"), execute("COMMIT")]);
  const second = await pipeline(server, [execute("SELECT a FROM t")], requireBaton(first));
  await query(server, "INSERT INTO t VALUES (1)");
  readResult(await pipeline(server, [execute("BEGIN IMMEDIATE"), CLOSE], requireBaton(second)), 0);
});
