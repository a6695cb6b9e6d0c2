import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Connection } from "../engine/connection.ts";
import { Writer } from "../engine/writer.ts";

let directory = "";
let writer: Writer;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "writer-"));
  const connection = new Connection(join(directory, "data.db"), "PRAGMA synchronous = normal");
  connection.exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, lane TEXT)");
  writer = new Writer(connection, { isDurable: false, onCommit: () => undefined });
});
afterAll(async () => {
  await writer.close();
  rmSync(directory, { recursive: true });
});

interface Write {
  readonly isLong?: boolean;
  readonly rows?: number;
}

const write = (lane: string, { isLong = false, rows = 1 }: Write = {}) =>
  writer.write({
    steps: [{ sql: INSERT, args: [rows, lane] }],
    timeoutMs: 60_000,
    client: { lane, principal: lane, signal: undefined },
    isLong,
  });

const INSERT = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
  INSERT INTO notes (lane) SELECT ? FROM n`;

for (const isLong of [false, true]) {
  it(`serves workspaces in turn, however many ${isLong ? "long " : ""}writes one of them has waiting`, async () => {
    const order: string[] = [];
    const busy = Array.from({ length: 50 }, () => write("busy", { isLong }).then(() => order.push("busy")));
    const quiet = write("quiet").then(() => order.push("quiet"));
    await Promise.all([...busy, quiet]);
    expect(order.indexOf("quiet")).toBeLessThanOrEqual(1);
  });
}

it("lets other requests in between two groups of writes", async () => {
  let isDone = false;
  const writes = Array.from({ length: 50 }, () => write("busy", { rows: 20_000 }));
  const all = Promise.all(writes).then(() => {
    isDone = true;
  });
  let turns = 0;
  for (; !isDone; turns++) await new Promise(setImmediate);
  await all;
  expect(turns).toBeGreaterThan(10);
});
