import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Connection } from "../engine/connection.ts";
import { ReaderPool } from "../engine/reader-pool.ts";

const LONG =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT count(*) FROM n";

let directory = "";
let pool: ReaderPool;
/** Lets those that wait for their turn have it. */
const turns: (() => void)[] = [];

beforeEach(() => {
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
afterEach(async () => {
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

const longRead = (signal?: AbortSignal) =>
  pool.read({
    steps: [{ sql: LONG, args: [] }],
    client: { lane: "lane", principal: "principal", signal },
    deadline: Date.now() + 60_000,
  });

it("stops a statement whose client is gone before it has started on its thread", async () => {
  const leaving = new AbortController();
  const reading = longRead(leaving.signal);
  leaving.abort();
  expect(await reading).toMatchObject([{ status: "FAILED", code: "SQLITE_INTERRUPT" }]);
});

it("stops a statement that has not started on its thread when it closes", async () => {
  const reading = longRead();
  await pool.close();
  expect(await reading).toMatchObject([{ status: "FAILED", code: "SQLITE_INTERRUPT" }]);
});
