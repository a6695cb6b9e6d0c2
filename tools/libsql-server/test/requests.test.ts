import { describe, expect, it } from "vitest";
import {
  batch,
  CLOSE,
  execute,
  pipeline,
  plainRows,
  post,
  query,
  readFailure,
  readResult,
  requireBaton,
  runBatch,
  type StmtResult,
} from "./support/hrana.ts";
import { startTestServer } from "./support/test-server.ts";

describe("execute", () => {
  it("answers columns with declared types, rows, changes and rowid", async () => {
    const server = await startTestServer();
    await query(server, "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20))");
    const result = await query(server, "INSERT INTO t (name) VALUES ('a'), ('b') RETURNING *, 1 + 1 AS two");
    expect(result).toMatchObject({
      cols: [
        { name: "id", decltype: "INTEGER" },
        { name: "name", decltype: "VARCHAR(20)" },
        { name: "two", decltype: null },
      ],
      affected_row_count: 2,
      last_insert_rowid: "2",
    });
    expect(plainRows(result)).toEqual([
      [1n, "a", 2n],
      [2n, "b", 2n],
    ]);
  });

  it("counts changes without RETURNING, and none for reads", async () => {
    const server = await startTestServer();
    await query(server, "CREATE TABLE t (id INTEGER PRIMARY KEY, n)");
    expect(await query(server, "INSERT INTO t (n) VALUES (1), (2), (3)")).toMatchObject({
      affected_row_count: 3,
      last_insert_rowid: "3",
      rows: [],
    });
    const counts = async (sql: string) => {
      const { affected_row_count, last_insert_rowid } = await query(server, sql);
      return [affected_row_count, last_insert_rowid];
    };
    expect(await counts("SELECT * FROM t")).toEqual([0, null]);
    expect(await counts("UPDATE t SET n = 9 WHERE id > 1")).toEqual([2, null]);
    expect(await counts("WITH x AS (SELECT 1 AS id) DELETE FROM t WHERE id IN (SELECT id FROM x)")).toEqual([
      1,
      null,
    ]);
    expect(await counts("WITH x(n) AS (VALUES (7)) INSERT INTO t (n) SELECT n FROM x")).toEqual([1, "4"]);
    expect(await counts("CREATE INDEX t_n ON t (n)")).toEqual([0, null]);
  });

  it("gives a rowid beyond 2^53 exactly, with and without RETURNING", async () => {
    const server = await startTestServer();
    await query(server, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    const plain = await query(server, "INSERT INTO t VALUES (9223372036854775805)");
    const returning = await query(server, "INSERT INTO t VALUES (9223372036854775806) RETURNING id");
    expect([plain.last_insert_rowid, returning.last_insert_rowid]).toEqual([
      "9223372036854775805",
      "9223372036854775806",
    ]);
  });

  it("leaves rows out when want_rows is false, but runs the statement to its end", async () => {
    const server = await startTestServer();
    await query(server, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    const sql = "INSERT INTO t VALUES (1), (2) RETURNING id";
    const answer = await pipeline(server, [{ type: "execute", stmt: { sql, want_rows: false } }, CLOSE]);
    expect(readResult<StmtResult>(answer, 0)).toMatchObject({ rows: [], affected_row_count: 2 });
    expect(plainRows(await query(server, "SELECT count(*) FROM t"))).toEqual([[2n]]);
  });

  it.each([
    ["names without prefix", "SELECT :a, @b, $c", ["a", "b", "c"]],
    ["names with prefix", "SELECT :a, @b, $c", [":a", "@b", "$c"]],
  ])("binds %s", async (_name, sql, names) => {
    const server = await startTestServer();
    const named_args = names.map((name, index) => ({ name, value: { type: "integer", value: `${index}` } }));
    const answer = await pipeline(server, [{ type: "execute", stmt: { sql, named_args } }]);
    expect(plainRows(readResult(answer, 0))).toEqual([[0n, 1n, 2n]]);
  });

  it("binds numbered and repeated parameters as SQLite numbers them", async () => {
    const server = await startTestServer();
    const args = ["a", "b", "c"].map((value) => ({ type: "text", value }));
    expect(plainRows(await query(server, "SELECT ?3, ?1, ?2, ?1", args))).toEqual([["c", "a", "b", "a"]]);
    expect(
      plainRows(await query(server, "SELECT :x, ?, :x, ':n', [a?b] FROM (SELECT ? AS [a?b])", args)),
    ).toEqual([["a", "b", "a", ":n", "c"]]);
  });
});

it("reads a quoted name as a string where no column has it", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a, b)");
  await query(server, `INSERT INTO t VALUES ("it's", "a ""b""")`);
  expect(plainRows(await query(server, `SELECT "a", b FROM t WHERE a = "it's"`))).toEqual([
    ["it's", 'a "b"'],
  ]);
  await expect(query(server, 'SELECT t."c" FROM t')).rejects.toThrow("no such column: t.c");
  await expect(query(server, 'SELECT c, "c" FROM t')).rejects.toThrow("no such column: c");
});

describe("batch", () => {
  it("runs the steps whose condition holds and reports results and errors by position", async () => {
    const server = await startTestServer();
    const ok = (step: number) => ({ type: "ok", step });
    const error = (step: number) => ({ type: "error", step });
    const result = await runBatch(
      server,
      "CREATE TABLE t (id INTEGER PRIMARY KEY)",
      "INSERT INTO missing VALUES (1)",
      { sql: "SELECT 'ok 0'", condition: ok(0) },
      { sql: "SELECT 'ok 1'", condition: ok(1) },
      { sql: "SELECT 'error 1'", condition: error(1) },
      { sql: "SELECT 'not ok 1'", condition: { type: "not", cond: ok(1) } },
      { sql: "SELECT 'and'", condition: { type: "and", conds: [ok(0), error(1)] } },
      { sql: "SELECT 'and false'", condition: { type: "and", conds: [ok(0), ok(1)] } },
      { sql: "SELECT 'or'", condition: { type: "or", conds: [ok(1), error(1)] } },
      { sql: "SELECT 'or false'", condition: { type: "or", conds: [ok(1), error(0)] } },
      { sql: "SELECT 'skipped counts as error'", condition: error(3) },
      { sql: "SELECT 'skipped is not ok'", condition: ok(3) },
    );
    const ran = result.step_results.slice(2).map((step) => step?.rows[0]?.[0]?.value ?? null);
    expect(ran).toEqual([
      "ok 0",
      null,
      "error 1",
      "not ok 1",
      "and",
      null,
      "or",
      null,
      "skipped counts as error",
      null,
    ]);
    expect(result.step_errors.map((step) => step?.code ?? null)).toEqual([
      null,
      "SQLITE_UNKNOWN",
      ...Array(10).fill(null),
    ]);
  });

  it("knows is_autocommit inside and outside a transaction", async () => {
    const server = await startTestServer();
    const isAutocommit = { type: "is_autocommit" };
    const result = await runBatch(
      server,
      { sql: "SELECT 'outside'", condition: isAutocommit },
      "BEGIN",
      { sql: "SELECT 'inside'", condition: isAutocommit },
      { sql: "COMMIT", condition: { type: "not", cond: isAutocommit } },
      { sql: "SELECT 'after'", condition: isAutocommit },
    );
    expect(result.step_results.map((step) => step?.rows[0]?.[0]?.value ?? null)).toEqual([
      "outside",
      null,
      null,
      null,
      "after",
    ]);
  });

  it("undoes only the failing statement inside a transaction", async () => {
    const server = await startTestServer();
    await query(server, "CREATE TABLE t (a UNIQUE)");
    const result = await runBatch(
      server,
      "BEGIN IMMEDIATE",
      "INSERT INTO t VALUES (1)",
      "INSERT INTO t VALUES (2), (1)",
      "INSERT INTO t VALUES (3) RETURNING a",
      "INSERT INTO t VALUES (3) RETURNING a",
      "COMMIT",
    );
    expect(result.step_errors.map((step) => step?.code ?? null)).toEqual([
      null,
      null,
      "SQLITE_CONSTRAINT",
      null,
      "SQLITE_CONSTRAINT",
      null,
    ]);
    expect(plainRows(await query(server, "SELECT a FROM t ORDER BY a"))).toEqual([[1n], [3n]]);
  });

  it("refuses the whole batch for a syntax error in any step, before running the first", async () => {
    const server = await startTestServer();
    const answer = await pipeline(server, [batch("CREATE TABLE t (a)", "SELEC 1"), CLOSE]);
    expect(readFailure(answer, 0).code).toBe("SQL_PARSE_ERROR");
    expect((await query(server, "SELECT * FROM sqlite_schema")).rows).toEqual([]);
  });

  it.each([[{ type: "ok", step: 1 }], [{ type: "ok", step: -1 }], [{ type: "perhaps", step: 0 }]])(
    "answers 400 to the impossible condition %o",
    async (condition) => {
      const server = await startTestServer();
      const response = await post(server, { requests: [batch("SELECT 1", { sql: "SELECT 2", condition })] });
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringMatching(
          /^(Invalid reference to step in a batch condition$|Cannot deserialize client message from JSON: .)/,
        ),
      ]);
    },
  );
});

describe("sequence", () => {
  it("runs a script with triggers, comments and quoted semicolons", async () => {
    const server = await startTestServer();
    const sql = `
      CREATE TABLE t (a); -- a comment; with a semicolon
      CREATE TRIGGER t_copy AFTER INSERT ON t WHEN new.a = 'x;y' BEGIN
        SELECT CASE WHEN 1 THEN 2 END;
        INSERT INTO t VALUES ('copy');
      END;
      /* ; */ INSERT INTO t VALUES ('x;y');`;
    const answer = await pipeline(server, [{ type: "sequence", sql }, CLOSE]);
    expect(answer.results).toEqual([
      { type: "ok", response: { type: "sequence" } },
      { type: "ok", response: { type: "close" } },
    ]);
    expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([["x;y"], ["copy"]]);
  });

  it("stops at the first error and reports it", async () => {
    const server = await startTestServer();
    const sql = "CREATE TABLE t (a); INSERT INTO missing VALUES (1); CREATE TABLE u (a)";
    const answer = await pipeline(server, [{ type: "sequence", sql }, CLOSE]);
    expect(readFailure(answer, 0)).toEqual({
      code: "SQLITE_UNKNOWN",
      message: "SQLite error: no such table: missing",
    });
    expect(plainRows(await query(server, "SELECT name FROM sqlite_schema"))).toEqual([["t"]]);
  });
});

describe("store_sql and close_sql", () => {
  it("keep texts for the life of the stream", async () => {
    const server = await startTestServer();
    const stored = { type: "execute", stmt: { sql_id: 7 } };
    const first = await pipeline(server, [{ type: "store_sql", sql_id: 7, sql: "SELECT 'stored'" }, stored]);
    expect(plainRows(readResult(first, 1))).toEqual([["stored"]]);
    const second = await pipeline(server, [stored, { type: "close_sql", sql_id: 7 }], requireBaton(first));
    expect(plainRows(readResult(second, 0))).toEqual([["stored"]]);
    const third = await post(server, { baton: second.baton, requests: [stored] });
    expect([third.status, await third.text()]).toEqual([400, "SQL text 7 not found"]);
  });

  it("refuse a used id with 400 and the 51st text with an error", async () => {
    const server = await startTestServer();
    const store = (sql_id: number) => ({ type: "store_sql", sql_id, sql: "SELECT 1" });
    expect((await post(server, { requests: [store(1), store(1)] })).status).toBe(400);
    const answer = await pipeline(
      server,
      Array.from({ length: 51 }, (_, index) => store(index)),
    );
    expect(readFailure(answer, 50).code).toBe("SQL_STORE_TOO_MANY");
  });
});

describe("describe", () => {
  it.each([
    ["SELECT a, :p FROM t WHERE b = ?", [":p", null], ["a", ":p"], false, true],
    ["INSERT INTO t (a) VALUES (?) RETURNING b", [null], ["b"], false, false],
    ["DELETE FROM t", [], [], false, false],
    ["EXPLAIN QUERY PLAN DELETE FROM t", [], ["id", "parent", "notused", "detail"], true, true],
    ["PRAGMA foreign_keys = OFF", [], [], false, true],
  ])("tells parameters, columns and nature of %s", async (sql, params, cols, is_explain, is_readonly) => {
    const server = await startTestServer();
    await query(server, "CREATE TABLE t (a TEXT, b)");
    const answer = await pipeline(server, [{ type: "describe", sql }, execute("PRAGMA foreign_keys")]);
    expect(readResult(answer, 0)).toEqual({
      params: params.map((name) => ({ name })),
      cols: cols.map((name) => ({ name, decltype: name === "a" ? "TEXT" : null })),
      is_explain,
      is_readonly,
    });
    expect(plainRows(readResult(answer, 1)), "nothing was run").toEqual([[1n]]);
  });
});

describe("get_autocommit", () => {
  it("is false while a transaction is open", async () => {
    const server = await startTestServer();
    const ask = { type: "get_autocommit" };
    const answer = await pipeline(server, [ask, execute("BEGIN"), ask, execute("ROLLBACK"), ask, CLOSE]);
    const told = answer.results.map((result) => result.response?.is_autocommit);
    expect([told[0], told[2], told[4]]).toEqual([true, false, true]);
  });
});
