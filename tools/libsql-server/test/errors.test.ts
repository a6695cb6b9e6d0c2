import { describe, expect, it } from "vitest";
import {
  batch,
  CLOSE,
  execute,
  pipeline,
  plainRows,
  query,
  readFailure,
  readResult,
  runBatch,
} from "./support/hrana.ts";
import { startTestServer } from "./support/test-server.ts";

const SCHEMA = `
  CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, age INT CHECK (age > 0));
  CREATE TABLE orders (id INTEGER PRIMARY KEY, customer REFERENCES customers (id));
  CREATE TABLE strict (n INTEGER) STRICT;
  CREATE VIEW fence AS SELECT 1 AS k;
  CREATE TRIGGER fence_check INSTEAD OF INSERT ON fence BEGIN
    SELECT RAISE(ABORT, 'FENCE:REVOKED') WHERE new.k = 0;
  END;
  INSERT INTO customers (id, email) VALUES (1, 'a@example.org');`;

async function startWithSchema() {
  const server = await startTestServer();
  readFailureFree(await pipeline(server, [{ type: "sequence", sql: SCHEMA }, CLOSE]));
  return server;
}

function readFailureFree(answer: Awaited<ReturnType<typeof pipeline>>): void {
  expect(answer.results.filter((result) => result.type === "error")).toEqual([]);
}

async function failureOf(sql: string, args: { type: string; value?: unknown }[] = []) {
  const server = await startWithSchema();
  return readFailure(await pipeline(server, [execute(sql, args), CLOSE]), 0);
}

describe("SQLite errors have the primary code and the engine's message", () => {
  it.each([
    ["INSERT INTO customers (email) VALUES ('a@example.org')", "UNIQUE constraint failed: customers.email"],
    [
      "INSERT INTO customers (email) VALUES ('a@example.org') RETURNING id",
      "UNIQUE constraint failed: customers.email",
    ],
    ["INSERT INTO customers (id, email) VALUES (1, 'b')", "UNIQUE constraint failed: customers.id"],
    ["INSERT INTO customers (email) VALUES (NULL)", "NOT NULL constraint failed: customers.email"],
    ["INSERT INTO customers (email, age) VALUES ('b', 0)", "CHECK constraint failed: age > 0"],
    ["INSERT INTO orders (customer) VALUES (99)", "FOREIGN KEY constraint failed"],
    ["INSERT INTO strict VALUES ('x')", "cannot store TEXT value in INTEGER column strict.n"],
    ["INSERT INTO fence VALUES (0)", "FENCE:REVOKED"],
  ])("%s", async (sql, message) => {
    expect(await failureOf(sql)).toEqual({ code: "SQLITE_CONSTRAINT", message: `SQLite error: ${message}` });
  });

  it.each([
    ["SELECT * FROM missing", "SQLITE_UNKNOWN", "SQLite error: no such table: missing"],
    ["COMMIT", "SQLITE_UNKNOWN", "SQLite error: cannot commit - no transaction is active"],
    ["SELECT load_extension('x')", "SQLITE_UNKNOWN", "SQLite error: not authorized"],
    ["SELECT foo FROM customers", "SQL_INPUT_ERROR", "SQL input error: no such column: foo (at offset 7)"],
    ["SELECT 'é', foo", "SQL_INPUT_ERROR", "SQL input error: no such column: foo (at offset 13)"],
    ["SELECT nope(1)", "SQL_INPUT_ERROR", "SQL input error: no such function: nope (at offset 7)"],
    ["SELEC 1", "SQL_PARSE_ERROR", 'SQL string could not be parsed: near "SELEC": syntax error'],
    ["SELECT (", "SQL_PARSE_ERROR", "SQL string could not be parsed: incomplete input"],
    ["", "SQL_NO_STATEMENT", "SQL string does not contain any statement"],
    ["-- nothing", "SQL_NO_STATEMENT", "SQL string does not contain any statement"],
    ["SELECT 1; SELECT 2", "SQL_MANY_STATEMENTS", "SQL string contains more than one statement"],
  ])("%s gives %s", async (sql, code, message) => {
    expect(await failureOf(sql)).toEqual({ code, message });
  });
});

describe("arguments", () => {
  const one = { type: "integer", value: "1" };
  it.each([
    ["too few", "SELECT ?, ?", [one], "value for parameter 2 not found"],
    ["a missing name", "SELECT :a", [], "value for parameter :a not found"],
    ["too many", "SELECT ?", [one, one], "too many parameters, expected 1 found 2"],
  ])("%s are refused", async (_name, sql, args, detail) => {
    expect(await failureOf(sql, args)).toEqual({
      code: "ARGS_INVALID",
      message: `Arguments do not match SQL parameters: ${detail}`,
    });
  });
});

describe("statements that a libSQL server refuses", () => {
  it.each([
    "ATTACH 'other.db' AS other",
    "DETACH other",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "CREATE TEMP TABLE t (a)",
    "CREATE TEMPORARY VIEW v AS SELECT 1",
    "CREATE TABLE temp.t (a)",
    'CREATE TABLE IF NOT EXISTS "temp".t (a)',
    "PRAGMA journal_mode = DELETE",
    "PRAGMA main.journal_mode(DELETE)",
    "PRAGMA synchronous = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA wal_checkpoint",
    "EXPLAIN PRAGMA synchronous = OFF",
    "/* hidden */ pragma query_only = 1",
  ])("%s", async (sql) => {
    const failure = await failureOf(sql);
    expect(failure.code).toBe("SQL_PARSE_ERROR");
    expect(failure.message).toContain("SQL string could not be parsed: unsupported statement: ");
  });

  it.each([
    ["PRAGMA table_info(customers)", 3],
    ["PRAGMA foreign_key_check", 0],
    ["PRAGMA journal_mode", 1],
    ["CREATE TABLE t (a REFERENCES temp, b DEFAULT 1.5)", 0],
    ["CREATE TRIGGER x AFTER INSERT ON customers BEGIN DELETE FROM orders WHERE orders.id = new.id; END", 0],
  ])("but not %s", async (sql, rowCount) => {
    const server = await startWithSchema();
    expect((await query(server, sql)).rows).toHaveLength(rowCount);
  });
});

describe("PRAGMA foreign_keys", () => {
  it("is on by default and applies again whenever it is sent, though it acts at preparation", async () => {
    const server = await startTestServer();
    const ask = "PRAGMA foreign_keys";
    const off = "PRAGMA foreign_keys = OFF";
    const on = "PRAGMA foreign_keys = ON";
    const { step_results } = await runBatch(server, ask, off, ask, on, ask, off, ask);
    const told = step_results.map((step) => step?.rows[0]?.[0]?.value);
    expect([told[0], told[2], told[4], told[6]]).toEqual(["1", "0", "1", "0"]);
  });

  it("is on again for the next stream", async () => {
    const server = await startTestServer();
    await query(server, "PRAGMA foreign_keys = OFF");
    expect(plainRows(await query(server, "PRAGMA foreign_keys"))).toEqual([[1n]]);
  });
});

describe("a response that is too large", () => {
  const MANY =
    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT 'padding', i FROM n";

  it("is refused as a whole and leaves the connection usable", async () => {
    const server = await startTestServer({ maxResponseBytes: 10_000 });
    const answer = await pipeline(server, [
      execute("BEGIN IMMEDIATE"),
      execute("CREATE TABLE t (a)"),
      batch("INSERT INTO t VALUES (1)", MANY, "INSERT INTO t VALUES (2)"),
      execute(MANY),
      execute("INSERT INTO t VALUES (3)"),
      execute("COMMIT"),
      CLOSE,
    ]);
    const tooLarge = { code: "RESPONSE_TOO_LARGE", message: "Response is too large" };
    expect([readFailure(answer, 2), readFailure(answer, 3)]).toEqual([tooLarge, tooLarge]);
    readResult(answer, 5);
    expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([[1n], [3n]]);
  });

  it("does not undo the write whose rows did not fit", async () => {
    const server = await startTestServer({ maxResponseBytes: 1000 });
    await query(server, "CREATE TABLE t (a)");
    const sql =
      "INSERT INTO t SELECT i FROM (WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 500) SELECT i FROM n) RETURNING a";
    const answer = await pipeline(server, [execute("BEGIN"), execute(sql), execute("COMMIT"), CLOSE]);
    expect(readFailure(answer, 1).code).toBe("RESPONSE_TOO_LARGE");
    readResult(answer, 2);
    expect(plainRows(await query(server, "SELECT count(*) FROM t"))).toEqual([[500n]]);
  });

  it("is more than 10 MB by default, counted over all steps of a batch", async () => {
    const server = await startTestServer();
    const megabytes = (n: number) => `SELECT printf('%.*c', ${n * 1_000_000}, 'x')`;
    expect((await runBatch(server, megabytes(4), megabytes(4))).step_errors).toEqual([null, null]);
    const answer = await pipeline(server, [
      batch(megabytes(4), megabytes(4), megabytes(4)),
      execute(`${megabytes(4)} UNION ALL ${megabytes(4)} UNION ALL ${megabytes(4)}`),
      CLOSE,
    ]);
    expect([readFailure(answer, 0).code, readFailure(answer, 1).code]).toEqual(
      Array(2).fill("RESPONSE_TOO_LARGE"),
    );
  });
});

describe("a value that is too long", () => {
  const text = (bytes: number) => ({ type: "text", value: "x".repeat(bytes) });
  const TOO_BIG = "SQLITE_TOOBIG: SQLite error: string or blob too big";

  const LIKE_SQLD = { maxValueBytes: 5_000_000 };

  it("is more than 5 MB on sqld, also when SQL makes it", async () => {
    const server = await startTestServer(LIKE_SQLD);
    const lengthOf = (bytes: number) => query(server, "SELECT length(?)", [text(bytes)]);
    expect(plainRows(await lengthOf(5_000_000))).toEqual([[5_000_000n]]);
    await expect(lengthOf(5_000_001)).rejects.toThrow(
      "ARGS_INVALID: Arguments do not match SQL parameters: string or blob too big",
    );
    await expect(query(server, "SELECT ? || ?", [text(3_000_000), text(3_000_000)])).rejects.toThrow(TOO_BIG);
    const blob = { type: "blob", base64: Buffer.alloc(5_000_001).toString("base64") };
    await expect(query(server, "SELECT length(?)", [blob])).rejects.toThrow("ARGS_INVALID");
  });

  it("is counted in bytes", async () => {
    const server = await startTestServer({ maxValueBytes: 10 });
    expect(plainRows(await query(server, "SELECT length(?)", [{ type: "text", value: "éééé" }]))).toEqual([
      [4n],
    ]);
    await expect(query(server, "SELECT length(?)", [{ type: "text", value: "éééééé" }])).rejects.toThrow();
  });

  it("may also be a row, of which nothing is stored", async () => {
    const server = await startTestServer(LIKE_SQLD);
    await query(server, "CREATE TABLE t (a, b)");
    const halves = [text(3_000_000), text(3_000_000)];
    await expect(query(server, "INSERT INTO t VALUES (?, ?)", halves)).rejects.toThrow(TOO_BIG);
    await query(server, "INSERT INTO t (a) VALUES (?), (?)", halves);
    await expect(query(server, "UPDATE t SET a = ?, b = ?", halves)).rejects.toThrow(TOO_BIG);
    expect(plainRows(await query(server, "SELECT length(a), b FROM t"))).toEqual([
      [3_000_000n, null],
      [3_000_000n, null],
    ]);
  });
});
