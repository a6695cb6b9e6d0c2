import { expect, it } from "vitest";
import { CLOSE, execute, JSON_TYPE, pipeline, plainRows, query, requireBaton } from "./support/hrana.ts";
import { startTestServer } from "./support/test-server.ts";

interface Server {
  readonly url: string;
}

function postCursor(server: Server, body: unknown): Promise<Response> {
  return fetch(`${server.url}/v3/cursor`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
}

/** The baton of the first line, and the lines after it. */
async function runCursor(server: Server, steps: readonly unknown[], baton: string | null = null) {
  const response = await postCursor(server, { baton, batch: { steps } });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  expect(text.endsWith("\n")).toBe(true);
  const [first, ...entries] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { baton: first.baton as string, entries };
}

const step = (sql: string, condition?: unknown) => ({ stmt: { sql }, condition });

it("sends columns, rows and changes of each step as a line", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20))");
  const { entries } = await runCursor(server, [
    step("INSERT INTO t (name) VALUES ('a'), ('b')"),
    step("SELECT name, 1.5 AS x FROM t", { type: "ok", step: 0 }),
  ]);
  expect(entries).toEqual([
    { type: "step_begin", step: 0, cols: [] },
    { type: "step_end", affected_row_count: 2, last_insert_rowid: "2" },
    {
      type: "step_begin",
      step: 1,
      cols: [
        { name: "name", decltype: "VARCHAR(20)" },
        { name: "x", decltype: null },
      ],
    },
    {
      type: "row",
      row: [
        { type: "text", value: "a" },
        { type: "float", value: 1.5 },
      ],
    },
    {
      type: "row",
      row: [
        { type: "text", value: "b" },
        { type: "float", value: 1.5 },
      ],
    },
    { type: "step_end", affected_row_count: 0, last_insert_rowid: null },
  ]);
});

it("leaves out skipped steps and goes on after a failed one", async () => {
  const server = await startTestServer();
  const { entries } = await runCursor(server, [
    step("SELECT * FROM missing"),
    step("SELECT 'skipped'", { type: "ok", step: 0 }),
    step("SELECT 'run'", { type: "error", step: 0 }),
  ]);
  expect(entries).toMatchObject([
    { type: "step_error", step: 0, error: { message: expect.stringContaining("no such table: missing") } },
    { type: "step_begin", step: 2 },
    { type: "row", row: [{ value: "run" }] },
    { type: "step_end" },
  ]);
});

it("tells of a batch that it cannot read in a line of its own", async () => {
  const server = await startTestServer();
  const { entries } = await runCursor(server, [step("SELECT 1; SELECT 2")]);
  expect(entries).toEqual([
    {
      type: "error",
      error: { code: "SQL_MANY_STATEMENTS", message: "SQL string contains more than one statement" },
    },
  ]);
});

it("keeps the stream for the baton of the first line, its transaction with it", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const { baton } = await runCursor(server, [step("BEGIN"), step("INSERT INTO t VALUES (1)")]);
  const next = await runCursor(server, [step("INSERT INTO t VALUES (2)")], baton);
  await pipeline(server, [execute("COMMIT"), CLOSE], next.baton);
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([[1n], [2n]]);
});

it("refuses batons and bodies as a pipeline does", async () => {
  const server = await startTestServer();
  const baton = requireBaton(await pipeline(server, []));
  await pipeline(server, [CLOSE], baton);
  const answers = [{ baton, batch: { steps: [] } }, { batch: {} }].map(async (body) => {
    const response = await postCursor(server, body);
    return [response.status, await response.text()];
  });
  expect(await Promise.all(answers)).toEqual([
    [400, "Received an invalid baton"],
    [400, expect.stringMatching(/^Cannot deserialize client message from JSON: /)],
  ]);
});

const COUNT = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n";

it("sends more than a pipeline may, and lets others in meanwhile", async () => {
  const server = await startTestServer({ maxResponseBytes: 1_000 });
  const sql = `${COUNT} LIMIT 200000) SELECT i, 'padding' FROM n`;
  const response = await postCursor(server, { batch: { steps: [step(sql)] } });
  expect(plainRows(await query(server, "SELECT 1"))).toEqual([[1n]]);
  const text = await response.text();
  expect(text.match(/"type":"row"/g)).toHaveLength(200_000);
});

it("stops reading and frees the connection when the client goes away", async () => {
  const server = await startTestServer({ maxConnections: 1, connectionWaitMs: 30_000 });
  const controller = new AbortController();
  const endless = await fetch(`${server.url}/v3/cursor`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify({ batch: { steps: [step(`${COUNT}) SELECT i FROM n`)] } }),
    signal: controller.signal,
  });
  await endless.body?.getReader().read();
  controller.abort();
  expect(plainRows(await query(server, "SELECT 1"))).toEqual([[1n]]);
});

it("ends a write whose client has gone with its transaction undone", async () => {
  const server = await startTestServer();
  await query(server, "CREATE TABLE t (a)");
  const controller = new AbortController();
  const steps = [
    step("BEGIN"),
    step(`INSERT INTO t ${COUNT} LIMIT 300000) SELECT i FROM n RETURNING a, 'padding'`),
  ];
  const response = await fetch(`${server.url}/v3/cursor`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify({ batch: { steps } }),
    signal: controller.signal,
  });
  await response.body?.getReader().read();
  controller.abort();
  await query(server, "INSERT INTO t VALUES ('next writer')");
  expect(plainRows(await query(server, "SELECT a FROM t"))).toEqual([["next writer"]]);
});
