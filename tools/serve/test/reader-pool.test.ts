import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Connection } from "../engine/connection.ts";
import { ReaderPool } from "../engine/reader-pool.ts";

let directory = "";
let pool: ReaderPool;
/** Lets those that wait for their turn have it. */
const turns: (() => void)[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "reader-pool-"));
  const connection = new Connection(join(directory, "data.db"), "PRAGMA query_only = ON");
  const waitForTurn = () => new Promise<void>((resolve) => turns.push(resolve));
  pool = new ReaderPool([connection], {
    perPrincipal: 1,
    waiting: 10,
    isOverloaded: () => false,
    waitForTurn,
  });
});
afterAll(async () => {
  await pool.close();
  rmSync(directory, { recursive: true });
});

const read = (length: number) =>
  pool.read({
    steps: [{ sql: "SELECT printf('%.*c', ?, 'x')", args: [length] }],
    client: { lane: "lane", principal: "principal", signal: undefined },
    deadline: Date.now() + 60_000,
  });

const turnIsAwaited = async () => {
  while (turns.length === 0) await new Promise(setImmediate);
};

it("returns a short result at once, and a long one in its turn, before which its reader reads nothing else", async () => {
  await read(1_000);
  expect(turns).toEqual([]);
  const order: string[] = [];
  const long = read(1_000_000).then(() => order.push("long"));
  const short = read(1_000).then(() => order.push("short"));
  await turnIsAwaited();
  expect(order).toEqual([]);
  turns.shift()?.();
  await Promise.all([long, short]);
  expect(order).toEqual(["long", "short"]);
});

it("stops a statement whose client is gone before it has started on its thread", async () => {
  const sql =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT count(*) FROM n";
  const leaving = new AbortController();
  const reading = pool.read({
    steps: [{ sql, args: [] }],
    client: { lane: "lane", principal: "principal", signal: leaving.signal },
    deadline: Date.now() + 60_000,
  });
  leaving.abort();
  expect(await reading).toMatchObject([{ status: "FAILED", code: "SQLITE_INTERRUPT" }]);
});
