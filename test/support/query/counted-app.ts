import "../../../tools/serve/node-globals.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalDatabase } from "../../../src/libsql/step.ts";
import type { Rows } from "../../../src/model/sql-value.ts";
import { startLibsqlServer } from "../../../tools/libsql-server/start-libsql-server.ts";
import { migrateDatabase } from "../../../tools/migrate.ts";
import { Connection } from "../../../tools/serve/engine/connection.ts";
import { runStepsHere } from "../../../tools/serve/engine/run-steps.ts";
import { KvTable } from "../../../tools/serve/kv-table.ts";
import { createRateLimits } from "../../../tools/serve/rate-limit.ts";

/** Imported by its address, because its types are those of Workers. */
const WORKER = new URL("../../../src/index.ts", import.meta.url).href;
const UNKNOWN_KEY_RATE = 100;
export const ADMIN_TOKEN = "counted-app-admin-token-of-32-characters";

/** What the engine has done: a cost that does not depend on the machine. */
export interface EngineCost {
  /** Instructions of the virtual machine, triggers and foreign keys included. */
  readonly steps: number;
  /** Rows that were read without a search. */
  readonly scanned: number;
  readonly sorts: number;
}

interface Worker {
  fetch(request: Request, bindings: object, context: object): Response | Promise<Response>;
}

export interface CountedApp {
  /** Sends a request. Returns its response, and the cost of all its statements. */
  send(path: string, init?: RequestInit): Promise<{ status: number; text: string; cost: EngineCost }>;
  exec(sql: string): void;
  rows(sql: string): Rows;
  close(): void;
}

/** The Worker in this process, with a database that counts its work. */
export async function openCountedApp(): Promise<CountedApp> {
  const directory = mkdtempSync(join(tmpdir(), "counted-app-"));
  const file = join(directory, "data.db");
  const server = await startLibsqlServer({ file });
  await migrateDatabase(server);
  await server.close();
  const connection = new Connection(file, "PRAGMA foreign_keys = ON; PRAGMA synchronous = off");
  const kv = new Connection(join(directory, "kv.db"), "PRAGMA synchronous = off");
  const works = new Set<Promise<unknown>>();
  const context = { waitUntil: (work: Promise<unknown>) => works.add(work), passThroughOnException() {} };
  const bindings = {
    ADMIN_TOKEN,
    LOG_REQUESTS: "false",
    ...createRateLimits(UNKNOWN_KEY_RATE),
    DATABASE: databaseOn(connection),
    API_KEYS: await new KvTable(databaseOn(kv)).open(join(directory, "kv")),
  };
  const { default: worker } = (await import(WORKER)) as { default: Worker };
  return {
    async send(path, init) {
      await Promise.all(works);
      const before = costOf(connection);
      const response = await worker.fetch(new Request(`http://test${path}`, init), bindings, context);
      const text = await response.text();
      const after = costOf(connection);
      const cost = {
        steps: after.steps - before.steps,
        scanned: after.scanned - before.scanned,
        sorts: after.sorts - before.sorts,
      };
      return { status: response.status, text, cost };
    },
    exec: (sql) => connection.exec(sql),
    rows: (sql) => connection.run({ sql, args: [] }).rows,
    close() {
      connection.close();
      kv.close();
      rmSync(directory, { recursive: true });
    },
  };
}

const databaseOn = (connection: Connection): LocalDatabase => ({
  stepsFor: () => async (steps) => {
    try {
      return runStepsHere(connection, steps);
    } finally {
      if (connection.isInTransaction) connection.exec("ROLLBACK");
    }
  },
});

const COUNTERS =
  "SELECT total(nstep), total(nscan), total(nsort) FROM sqlite_stmt WHERE sql NOT LIKE '%sqlite_stmt%'";

/** The engine counts for each prepared statement, and the connection keeps them prepared. */
function costOf(connection: Connection): EngineCost {
  const [row] = connection.run({ sql: COUNTERS, args: [] }).rows;
  const [steps = 0, scanned = 0, sorts = 0] = (row ?? []).map(Number);
  return { steps, scanned, sorts };
}
