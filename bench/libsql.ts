import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openHttpDatabase } from "../src/libsql/open-http-database.ts";
import { startSqld } from "../tools/checks/libsql/start-sqld.ts";
import { migrateDatabase } from "../tools/migrate.ts";
import { endProcess, onEnd, runServer, waitUntilHealthy } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { freePort } from "./support/free-port.ts";
import { type LibsqlMeasure, writeLibsqlReport } from "./support/libsql-report.ts";
import { median } from "./support/median.ts";
import { requireWrk, runWrk, writeScript } from "./support/peers/run-wrk.ts";
import type { LoadRequest } from "./support/peers/target.ts";
import { readNumber } from "./support/publish-results.ts";
import { startWorkerd } from "./support/workerd/workerd.ts";
import { readCompatibilityDate } from "./support/workerd/workerd-config.ts";

/*
 * `npm run bench:libsql -- --sqld PATH`: operations on a real libSQL server, with streams that are kept, without, and of
 * the hand-written Worker, which opens a stream for each request as the official clients do; with 0, 800 and 3,000 other
 * entities in the database; and reads beside a schema change every second. Environment: ROUNDS (5), SECONDS (4).
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ADMIN_TOKEN = "bench-admin-token-of-the-benchmarks";
const ADMIN = "/admin/v1/organizations";
const RECORDS = 1_000;
const OTHER_ENTITIES = [0, 800, 3_000];
const CONNECTIONS = [1, 32];
const ROUNDS = readNumber("ROUNDS", 5);
const SECONDS = readNumber("SECONDS", 4);
const CHANGE_EVERY_MS = 1_000;
let scripts = 0;

interface Target {
  readonly name: string;
  readonly baseUrl: string;
}

await runServer(async () => {
  const { values } = parseArgs({ options: { sqld: { type: "string" } } });
  if (!values.sqld) throw new Error("Usage: npm run bench:libsql -- --sqld PATH");
  await requireWrk();
  const directory = mkdtempSync(join(tmpdir(), "bench-libsql-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const server = await startSqld(values.sqld);
  onEnd(server.stop);
  await migrateDatabase({ url: server.url });
  const start = (name: string, main: string, streams: string) =>
    startTarget({ name, main, directory, variables: { LIBSQL_URL: server.url, LIBSQL_STREAMS: streams } });
  const targets = [
    await start("kept streams (32)", "src/index.ts", "32"),
    await start("kept streams (2)", "src/index.ts", "2"),
    await start("no streams", "src/index.ts", "0"),
    await start("hand-written Worker", "bench/baseline/worker.js", "0"),
  ];
  const key = await loadWorkspace(targets[0]?.baseUrl ?? "");

  const measures: LibsqlMeasure[] = [];
  let others = 0;
  for (const wanted of OTHER_ENTITIES) {
    await addEntities(server.url, others, wanted);
    others = wanted;
    for (const operation of Object.keys(operations(0))) {
      for (const connections of CONNECTIONS)
        measures.push(...(await measure({ targets, key, operation, connections, others })));
    }
  }
  const stop = changeSchemaEverySecond(server.url);
  const load = { targets, key, operation: "get by id", connections: 32, others, isChanging: true };
  measures.push(...(await measure(load)));
  await stop();
  console.log(writeLibsqlReport(measures, `${cpus()[0]?.model}, ${cpus().length} cores`));
  await endProcess(0);
});

async function startTarget(options: {
  readonly name: string;
  readonly main: string;
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
}): Promise<Target> {
  const { name, main, directory, variables } = options;
  const port = await freePort();
  const workerd = await startWorkerd({
    port,
    main: join(ROOT, main),
    compatibilityDate: readCompatibilityDate(join(ROOT, "wrangler.toml")),
    buildDirectory: join(directory, String(port)),
    kvDirectory: join(directory, "kv"),
    variables: { ADMIN_TOKEN, LOG_REQUESTS: "false", ...variables },
    log: console.error,
  });
  onEnd(workerd.stop);
  const baseUrl = `http://127.0.0.1:${port}`;
  await waitUntilHealthy(baseUrl);
  return { name, baseUrl };
}

/** The first workspace of the database, whose tables the hand-written Worker names. Returns a key. */
async function loadWorkspace(baseUrl: string): Promise<string> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  await admin.require("POST", ADMIN, { slug: "bench", name: "Bench" });
  await admin.require("POST", `${ADMIN}/bench/workspaces`, { slug: "peers", name: "Peers" });
  const workspace = `${ADMIN}/bench/workspaces/peers`;
  const columns = [
    { name: "number", type: "VARCHAR", nullable: false },
    { name: "status", type: "VARCHAR", nullable: false, indexed: true },
    { name: "amount", type: "INTEGER", nullable: false },
    { name: "placedAt", type: "DATETIME", nullable: false, indexed: true },
    { name: "customerId", type: "INTEGER", nullable: false },
  ];
  await admin.require("POST", `${workspace}/entities`, { name: "Order", tableName: "orders", columns });
  for (let i = 0; i < 9; i++) {
    await admin.require("POST", `${workspace}/entities`, { name: `Other${i}`, columns: columns.slice(0, 3) });
  }
  const body = { name: "bench", permission: "READ_WRITE" };
  const { key } = (await admin.require("POST", `${workspace}/api-keys`, body)) as { key: string };
  const client = createApiClient(baseUrl, key);
  for (let first = 0; first < RECORDS; first += 100) {
    const records = Array.from({ length: 100 }, (_, i) => order(first + i));
    await client.require("POST", "/api/v1/bench/peers/Order/bulk?atomic=true", records);
  }
  return key;
}

function order(i: number) {
  return {
    number: `A-${i}`,
    status: ["NEW", "PAID", "SENT", "DONE"][i % 4],
    amount: i,
    placedAt: new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString(),
    customerId: i % 50,
  };
}

function operations(round: number): Readonly<Record<string, readonly LoadRequest[]>> {
  const path = "/api/v1/bench/peers/Order";
  const ids = Array.from({ length: RECORDS }, (_, i) => i + 1);
  return {
    "get by id": ids.map((id) => ({ method: "GET", path: `${path}/${id}` })),
    "20 of 1,000, with total": [{ method: "GET", path: `${path}?size=20&sort=-placedAt` }],
    create: ids.map((id) => ({ method: "POST", path, body: order(round * RECORDS + id) })),
  };
}

/** As many tables, indexes and triggers as entities of three columns in other workspaces have. */
async function addEntities(url: string, from: number, to: number): Promise<void> {
  const database = openHttpDatabase({ url, authToken: undefined, requestId: "bench" });
  const chunk = 50;
  for (let first = from; first < to; first += chunk) {
    const statements = Array.from({ length: Math.min(chunk, to - first) }, (_, i) => {
      const name = `other_${first + i}`;
      return [
        `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c INTEGER, version INTEGER)`,
        `CREATE INDEX ${name}_a ON ${name} (a)`,
        `CREATE INDEX ${name}_b ON ${name} (b)`,
        `CREATE TRIGGER ${name}_i AFTER INSERT ON ${name} BEGIN UPDATE workspaces SET name = name WHERE FALSE; END`,
        `CREATE TRIGGER ${name}_d AFTER DELETE ON ${name} BEGIN UPDATE workspaces SET name = name WHERE FALSE; END`,
      ].map((sql) => ({ sql, args: [] }));
    });
    await database.write(statements.flat());
  }
}

/** Returns the function that ends it. */
function changeSchemaEverySecond(url: string): () => Promise<void> {
  const database = openHttpDatabase({ url, authToken: undefined, requestId: "bench" });
  let count = 0;
  const timer = setInterval(() => {
    database
      .run({ sql: `CREATE TABLE changed_${count++} (id INTEGER PRIMARY KEY)`, args: [] })
      .catch(console.error);
  }, CHANGE_EVERY_MS);
  return async () => clearInterval(timer);
}

interface Measuring {
  readonly targets: readonly Target[];
  readonly key: string;
  readonly operation: string;
  readonly connections: number;
  readonly others: number;
  readonly isChanging?: boolean;
}

/** Measures all targets in turn, round by round. Returns medians. */
async function measure(measuring: Measuring): Promise<readonly LibsqlMeasure[]> {
  const { targets, key, operation, connections, others, isChanging = false } = measuring;
  const rounds = new Map(targets.map(({ name }) => [name, [] as Awaited<ReturnType<typeof runWrk>>[]]));
  const script = join(mkdtempSync(join(tmpdir(), "wrk-")), "load.lua");
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, baseUrl } of targets) {
      const requests = operations(++scripts)[operation] ?? [];
      writeScript(script, { headers: { authorization: `Bearer ${key}` } }, requests);
      rounds.get(name)?.push(await runWrk({ script, baseUrl, connections, seconds: SECONDS }));
    }
  }
  console.log(`${operation}, ${connections} connections, ${others} other entities`);
  return targets.map(({ name }) => {
    const all = rounds.get(name) ?? [];
    return {
      target: name,
      operation: isChanging ? `${operation}, a schema change every second` : operation,
      connections,
      others,
      requestsPerSecond: median(all.map(({ requestsPerSecond }) => requestsPerSecond)),
      p50Ms: median(all.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
      failed: all.reduce((sum, { refused, broken }) => sum + refused + broken, 0),
    };
  });
}
