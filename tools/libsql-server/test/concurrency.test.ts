import { expect, it } from "vitest";
import {
  CLOSE,
  execute,
  JSON_TYPE,
  pipeline,
  plainRows,
  query,
  readFailure,
  readResult,
  requireBaton,
  runBatch,
} from "./support/hrana.ts";
import { startTestServer } from "./support/test-server.ts";

it("makes the second writer wait for an open transaction while readers go on", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const first = await pipeline(server, [
    execute("BEGIN IMMEDIATE"),
    execute("INSERT INTO t VALUES ('first')"),
  ]);
  let isDone = false;
  const second = query(server, "INSERT INTO t SELECT 'second after ' || count(*) FROM t").then(() => {
    isDone = true;
  });
  expect(plainRows(await query(server, "SELECT count(*) FROM t"))).toEqual([[0n]]);
  expect(isDone).toBe(false);
  readResult(await pipeline(server, [execute("COMMIT"), CLOSE], requireBaton(first)), 0);
  await second;
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([["first"], ["second after 1"]]);
});

it("serves waiting writers in the order they came", async () => {
  const order: string[] = [];
  const server = await startTestServer({
    onRequest: ({ headers }) => void order.push(`${headers["x-request-id"]}`),
  });
  await query(server, "CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
  const open = await pipeline(server, [execute("BEGIN IMMEDIATE")]);
  const arrivals = order.length;
  const inserts = Array.from({ length: 8 }, (_, index) =>
    fetch(`${server.url}/v2/pipeline`, {
      method: "POST",
      headers: { ...JSON_TYPE, "x-request-id": `${index}` },
      body: JSON.stringify({ requests: [execute(`INSERT INTO t (a) VALUES ('${index}')`), CLOSE] }),
    }),
  );
  await expect.poll(() => order.length).toBe(arrivals + 8);
  await pipeline(server, [execute("COMMIT"), CLOSE], requireBaton(open));
  await Promise.all(inserts);
  const stored = plainRows(await query(server, "SELECT a FROM t ORDER BY id")).flat();
  expect(stored).toEqual(order.slice(arrivals, arrivals + 8));
});

it("answers SQLITE_BUSY to a writer that has waited long enough, and serves the others", async () => {
  const server = await startTestServer({ writerWaitMs: 20 });
  await query(server, "CREATE TABLE t (a)");
  const open = await pipeline(server, [execute("BEGIN IMMEDIATE")]);
  const busy = await pipeline(server, [
    execute("INSERT INTO t VALUES (1)"),
    execute("SELECT 'reads go on'"),
    CLOSE,
  ]);
  expect(readFailure(busy, 0)).toEqual({ code: "SQLITE_BUSY", message: "SQLite error: database is locked" });
  readResult(busy, 1);
  await pipeline(server, [CLOSE], requireBaton(open));
  await query(server, "INSERT INTO t VALUES (2)");
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([[2n]]);
});

it("upgrades a deferred transaction, waiting for the writer before it", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const writer = await pipeline(server, [execute("BEGIN IMMEDIATE")]);
  const deferred = runBatch(server, "BEGIN", "INSERT INTO t VALUES ('upgraded')", "COMMIT");
  await pipeline(server, [execute("COMMIT"), CLOSE], requireBaton(writer));
  expect((await deferred).step_errors).toEqual([null, null, null]);
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([["upgraded"]]);
});

it("answers SQLITE_BUSY to an upgrade from an old snapshot and does not keep the writer slot", async () => {
  const server = await startTestServer({ writerWaitMs: 20 });
  await query(server, "CREATE TABLE t (a)");
  const old = await pipeline(server, [execute("BEGIN DEFERRED"), execute("SELECT * FROM t")]);
  await query(server, "INSERT INTO t VALUES ('newer')");
  const upgrade = await pipeline(server, [execute("INSERT INTO t VALUES ('older')")], requireBaton(old));
  expect(readFailure(upgrade, 0).code).toBe("SQLITE_BUSY");
  await query(server, "INSERT INTO t VALUES ('not blocked')");
  const retried = [
    execute("ROLLBACK"),
    execute("BEGIN"),
    execute("INSERT INTO t VALUES ('retried')"),
    execute("COMMIT"),
  ];
  readResult(await pipeline(server, retried, requireBaton(upgrade)), 3);
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([
    ["newer"],
    ["not blocked"],
    ["retried"],
  ]);
});

it("lets a transaction commit its reads after a refused upgrade", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const old = await pipeline(server, [execute("BEGIN"), execute("SELECT * FROM t")]);
  await query(server, "INSERT INTO t VALUES ('newer')");
  const insert = execute("INSERT INTO t VALUES ('older') RETURNING a");
  const answer = await pipeline(server, [insert, execute("COMMIT"), insert, CLOSE], requireBaton(old));
  expect(readFailure(answer, 0).code).toBe("SQLITE_BUSY");
  readResult(answer, 1);
  expect(plainRows(readResult(answer, 2))).toEqual([["older"]]);
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([["newer"], ["older"]]);
});

it("keeps a transaction open when COMMIT meets an unmet deferred foreign key", async () => {
  const server = await startTestServer();
  await runBatch(
    server,
    "CREATE TABLE p (id INTEGER PRIMARY KEY)",
    "CREATE TABLE c (p REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)",
  );
  const result = await runBatch(
    server,
    "BEGIN IMMEDIATE",
    "INSERT INTO c VALUES (1)",
    "COMMIT",
    "INSERT INTO p VALUES (1)",
    "COMMIT",
  );
  expect(result.step_errors.map((error) => error?.code ?? null)).toEqual([
    null,
    null,
    "SQLITE_CONSTRAINT",
    null,
    null,
  ]);
  expect(plainRows(await query(server, "SELECT p FROM c"))).toEqual([[1n]]);
});

it("keeps the snapshot of a reading transaction while others write", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const count = execute("SELECT count(*) FROM t");
  const reader = await pipeline(server, [execute("BEGIN"), count]);
  await query(server, "INSERT INTO t VALUES (1)");
  const again = await pipeline(server, [count, execute("COMMIT"), count, CLOSE], requireBaton(reader));
  expect([plainRows(readResult(again, 0)), plainRows(readResult(again, 2))]).toEqual([[[0n]], [[1n]]]);
});

it.each(["BEGIN", "BEGIN DEFERRED", "BEGIN TRANSACTION", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE TRANSACTION"])(
  "%s opens a transaction that may write",
  async (begin) => {
    const server = await startTestServer();
    const { step_errors } = await runBatch(
      server,
      begin,
      "CREATE TABLE t (a)",
      "COMMIT",
      "INSERT INTO t VALUES (1)",
    );
    expect(step_errors).toEqual([null, null, null, null]);
  },
);

it("refuses writes in BEGIN TRANSACTION READONLY, which never waits for a writer", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const writer = await pipeline(server, [execute("BEGIN IMMEDIATE")]);
  const result = await runBatch(
    server,
    "BEGIN TRANSACTION READONLY",
    "SELECT * FROM t",
    "INSERT INTO t VALUES (1)",
    "COMMIT",
  );
  expect(result.step_errors.map((error) => error?.code ?? null)).toEqual([
    null,
    null,
    "SQLITE_READONLY",
    null,
  ]);
  await pipeline(server, [CLOSE], requireBaton(writer));
  await query(server, "INSERT INTO t VALUES (2)");
});

it("keeps all of many concurrent read-modify-write transactions", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE counter (n)");
  await query(server, "INSERT INTO counter VALUES (0)");
  const increment = async () => {
    const open = await pipeline(server, [execute("BEGIN IMMEDIATE"), execute("SELECT n FROM counter")]);
    const [[n]] = plainRows(readResult(open, 1)) as [[bigint]];
    const sql = `UPDATE counter SET n = ${n + 1n}`;
    readResult(await pipeline(server, [execute(sql), execute("COMMIT"), CLOSE], requireBaton(open)), 1);
  };
  await Promise.all(Array.from({ length: 40 }, increment));
  expect(plainRows(await query(server, "SELECT n FROM counter"))).toEqual([[40n]]);
});
