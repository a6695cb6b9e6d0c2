import { expect, it } from "vitest";
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
import { startTestServer } from "./support/test-server.ts";

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
  expect([reused.status, await reused.json()]).toMatchObject([400, { code: "BATON_REUSED" }]);
  readResult(await pipeline(server, [execute("SELECT 1")], second), 0);
});

it("refuses a baton it never gave, and one whose stream was closed", async () => {
  const server = await startTestServer();
  const codeOf = async (baton: string) =>
    ((await (await post(server, { baton, requests: [] })).json()) as { code: string }).code;
  expect(await codeOf("AAAA")).toBe("BATON_INVALID");
  const baton = requireBaton(await pipeline(server, []));
  await pipeline(server, [CLOSE], baton);
  expect(await codeOf(baton)).toBe("BATON_REUSED");
});

it("expires an idle stream, rolls it back and lets the next writer in", async () => {
  const server = await startTestServer({ streamIdleMs: 20, writerWaitMs: 30_000 });
  await query(server, "CREATE TABLE t (a)");
  const open = await pipeline(server, [execute("BEGIN IMMEDIATE"), execute("INSERT INTO t VALUES ('lost')")]);
  // Granted only by the expiry: the wait for the writer slot is far longer than the test may take.
  await query(server, "INSERT INTO t VALUES ('kept')");
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([["kept"]]);
  const late = await post(server, { baton: open.baton, requests: [] });
  expect([late.status, await late.json()]).toMatchObject([400, { code: "STREAM_EXPIRED" }]);
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
  expect([response.status, await response.json()]).toMatchObject([400, { code: "STREAM_CLOSED" }]);
});

it("refuses more streams than it may open, and takes new ones once some are closed", async () => {
  const server = await startTestServer({ maxStreams: 2 });
  const batons = [requireBaton(await pipeline(server, [])), requireBaton(await pipeline(server, []))];
  const refused = await post(server, { requests: [CLOSE] });
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: "TOO_MANY_STREAMS" }]);
  await pipeline(server, [CLOSE], batons[0]);
  expect((await post(server, { requests: [CLOSE] })).status).toBe(200);
});
