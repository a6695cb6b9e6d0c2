import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "libsql";
import { migrateDatabase } from "../../../tools/migrate.ts";
import { onEnd, waitUntilHealthy } from "../../../tools/runtime/lifecycle.ts";
import { HEAP_FLAGS, MALLOC_SETTINGS } from "../../../tools/runtime/memory-settings.ts";
import { type ApiClient, createApiClient } from "../../../tools/seed/api-client.ts";
import { freePort } from "../free-port.ts";
import { startWorkerd } from "../workerd/workerd.ts";
import { operationIn } from "./api-words.ts";
import { BULK_SIZE, chunksOf, customers, lines, orders, UPDATED_RECORDS, writeTable } from "./data-set.ts";
import { entityOf, ourWords, recordOf, WORKSPACE } from "./our-words.ts";
import { directoryBytes } from "./process-tree.ts";
import { CONNECTIONS, KV_EVERY_TIME, LIBSQL_URL } from "./settings.ts";
import { startProgram } from "./start-program.ts";
import type { Target } from "./target.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DATABASE_PORT = await freePort();
const ADMIN_TOKEN = "bench-admin-token-of-32-characters";
const DATABASE_TOKEN = (LIBSQL_URL && process.env.LIBSQL_AUTH_TOKEN) || "bench-database-token";
const ADMIN = "/admin/v1/organizations";
const ADMIN_WORKSPACE = `${ADMIN}/bench/workspaces/peers`;
const DATABASE_URL = LIBSQL_URL || `http://127.0.0.1:${DATABASE_PORT}`;

/** The embedded libSQL server in its own process, which counts requests; nothing if `LIBSQL_URL` names another server. */
export async function startBenchDatabase(directory: string): Promise<{ stop(): Promise<void> }> {
  if (LIBSQL_URL) return { stop: async () => {} };
  return startLibsql(directory, "data", DATABASE_PORT);
}

async function startLibsql(directory: string, name: string, port: number) {
  const flags = ["--stats", "--file", join(directory, `${name}.db`), "--port", String(port)];
  return startProgram({
    command: process.execPath,
    args: [
      ...HEAP_FLAGS,
      join(ROOT, "tools/libsql-server/main.ts"),
      ...flags,
      "--auth-token",
      DATABASE_TOKEN,
    ],
    cwd: directory,
    env: {},
    logFile: join(directory, `${name}.log`),
    readyUrl: `http://127.0.0.1:${port}/health`,
  });
}

export interface LibsqlAddress {
  readonly url: string;
  readonly authToken: string;
}

/** An embedded libSQL server of its own, in its own process. */
export async function startOwnDatabase(directory: string, name: string): Promise<LibsqlAddress> {
  const port = await freePort();
  await startLibsql(directory, name, port);
  return { url: `http://127.0.0.1:${port}`, authToken: DATABASE_TOKEN };
}

/** Database requests since the embedded server was started. */
async function countRequests(): Promise<number> {
  const headers = { authorization: `Bearer ${DATABASE_TOKEN}` };
  const response = await fetch(`${DATABASE_URL}/_stats/total`, { headers });
  return ((await response.json()) as { count: number }).count;
}

/** Undefined where nobody counts requests. */
export const countRoundTrips = LIBSQL_URL ? undefined : countRequests;

/** `npm run serve` with the bench's data and a database of its own. */
export async function startServed(directory: string, sync: "full" | "normal"): Promise<Target> {
  const baseUrl = await startServe(directory, `serve-${sync}`, { SYNC: sync });
  const key = await fillOurs(baseUrl);
  const name = sync === "full" ? "SchemaStack Edge, SYNC=full" : "SchemaStack Edge";
  return target(name, `npm run serve without its request log, SYNC=${sync}`, { baseUrl, key });
}

/** `npm run serve` on the libSQL server that the Worker has filled. Its key is its own, because keys are in KV. */
export async function startServedOn(directory: string, { url, authToken }: LibsqlAddress): Promise<Target> {
  const baseUrl = await startServe(directory, "serve", { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken });
  const start = "npm run serve without its request log, libSQL over HTTP";
  const key = await createKey(createApiClient(baseUrl, ADMIN_TOKEN));
  return target("npm run serve", start, { baseUrl, key });
}

async function startServe(
  directory: string,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  await startProgram({
    command: process.execPath,
    args: [...HEAP_FLAGS, join(ROOT, "tools/serve.js")],
    cwd: ROOT,
    env: {
      ...MALLOC_SETTINGS,
      PORT: String(port),
      DATA_DIR: join(directory, name),
      ADMIN_TOKEN,
      LOG_REQUESTS: "false",
      ...env,
    },
    logFile: join(directory, `${name}.log`),
    readyUrl: `${baseUrl}/healthz`,
  });
  return baseUrl;
}

/** A Node server written by hand, over a copy of the database of a served target. */
export async function startNodeBaseline(directory: string, served: Target): Promise<Target> {
  const file = join(directory, "node-baseline.db");
  const database = new Database(join(directory, "serve-normal/data.db"));
  database.prepare("VACUUM INTO ?").run([file]);
  database.close();
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  await startProgram({
    command: process.execPath,
    args: [...HEAP_FLAGS, join(ROOT, "bench/baseline/node-server.mjs")],
    cwd: ROOT,
    env: { PORT: String(port), DATABASE_FILE: file },
    logFile: join(directory, "node-baseline.log"),
    readyUrl: `${baseUrl}/healthz`,
  });
  const start = "node:http and the same engine in one process";
  return target("hand-written Node server", start, { baseUrl, key: keyOf(served) });
}

/** The key that a target of ours is used with. */
export const keyOf = ({ headers }: Target): string => headers.authorization?.slice("Bearer ".length) ?? "";

const LIBSQL_STREAMS = "32";

/** The Worker in workerd with the bench's data. The database runs already. */
export async function startWorker(
  directory: string,
  database: LibsqlAddress = { url: DATABASE_URL, authToken: DATABASE_TOKEN },
): Promise<Target> {
  await migrateDatabase(database);
  const baseUrl = await startInWorkerd(join(ROOT, "src/index.ts"), directory, {
    LIBSQL_URL: database.url,
    LIBSQL_AUTH_TOKEN: database.authToken,
    LIBSQL_STREAMS,
    ADMIN_TOKEN,
    LOG_REQUESTS: "false",
  });
  const key = await fillOurs(baseUrl);
  const started = `workerd, libSQL over HTTP, LIBSQL_STREAMS=${LIBSQL_STREAMS}, because its isolate has the server to itself`;
  return target("SchemaStack Edge in workerd", started, { baseUrl, key });
}

async function fillOurs(baseUrl: string): Promise<string> {
  const key = await defineWorkspace(createApiClient(baseUrl, ADMIN_TOKEN));
  await loadRecords(createApiClient(baseUrl, key));
  return key;
}

async function startInWorkerd(
  main: string,
  directory: string,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const port = await freePort();
  const workerd = await startWorkerd({
    port,
    main,
    buildDirectory: join(directory, `build-${port}`),
    kvDirectory: join(directory, "kv"),
    variables,
    log: console.error,
  });
  onEnd(workerd.stop);
  const baseUrl = `http://127.0.0.1:${port}`;
  await waitUntilHealthy(baseUrl);
  return baseUrl;
}

/**
 * The hand-written Worker in the same workerd, over the same database, KV directory and tables, and the time that it
 * needs to send the database one empty request.
 */
export async function startBaseline(directory: string, key: string): Promise<[Target, Target]> {
  const baseUrl = await startInWorkerd(join(ROOT, "bench/baseline/worker.js"), directory, {
    LIBSQL_URL: DATABASE_URL,
    LIBSQL_AUTH_TOKEN: DATABASE_TOKEN,
    KV_EVERY_TIME,
  });
  const baseline = target("hand-written Worker", "the same workerd, database and KV", { baseUrl, key });
  const empty = { requests: [{ method: "GET" as const, path: "/empty" }], status: 200, isEmpty: true };
  const start = "the same workerd and database, no key, no statement, no record";
  return [baseline, { ...baseline, name: "empty exchange", start, operation: () => empty }];
}

function target(name: string, start: string, { baseUrl, key }: { baseUrl: string; key: string }): Target {
  const client = createApiClient(baseUrl, key);
  return {
    name,
    version: "this commit",
    start,
    baseUrl,
    headers: { authorization: `Bearer ${key}` },
    installedBytes: installedBytes(),
    operation: (operation, connections) => operationIn(ourWords, operation, connections),
    async count(table) {
      const { body } = await client.send("GET", `${WORKSPACE}/${entityOf(table)}?size=1`);
      return (body.meta as unknown as { totalElements: number }).totalElements;
    },
  };
}

/** What `serve` runs: our source, workerd and libSQL's engine. */
function installedBytes(): number {
  const require = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  const workerd = dirname(dirname((require("workerd") as { default: string }).default));
  const parts = ["src", "tools", "drizzle", "node_modules/libsql", "node_modules/@libsql"].map((path) =>
    join(ROOT, path),
  );
  return [...parts, workerd].reduce((sum, path) => sum + directoryBytes(path), 0);
}

async function defineWorkspace(admin: ApiClient): Promise<string> {
  await admin.require("POST", ADMIN, { slug: "bench", name: "Bench" });
  await admin.require("POST", `${ADMIN}/bench/workspaces`, { slug: "peers", name: "Peers" });
  const text = (name: string) => ({ name, type: "VARCHAR", nullable: false });
  const orderColumns = (inverse: string) => [
    text("number"),
    { ...text("status"), indexed: true },
    { name: "amount", type: "INTEGER", nullable: false },
    { name: "placedAt", type: "DATETIME", nullable: false, indexed: true },
    {
      name: "customerId",
      nullable: false,
      references: { entity: "Customer", relationship: "customer", inverse },
    },
  ];
  const written = CONNECTIONS.flatMap((count) => tablesFor(count)).map((table) => {
    return { name: entityOf(table), tableName: table, columns: orderColumns(table) };
  });
  const order = { entity: "Order", relationship: "order", inverse: "lines" };
  const definitions = [
    { name: "Customer", columns: [text("name"), text("email"), text("country")] },
    { name: "Order", columns: orderColumns("orders") },
    {
      name: "Line",
      columns: [
        text("product"),
        { name: "quantity", type: "INTEGER", nullable: false },
        { name: "orderId", nullable: false, references: order },
      ],
    },
    ...written,
  ];
  for (const definition of definitions)
    await admin.require("POST", `${ADMIN_WORKSPACE}/entities`, definition);
  return createKey(admin);
}

async function createKey(admin: ApiClient): Promise<string> {
  const settings = { name: "bench", permission: "READ_WRITE" };
  const created = await admin.require("POST", `${ADMIN_WORKSPACE}/api-keys`, settings);
  return (created as { key: string }).key;
}

async function loadRecords(client: ApiClient): Promise<void> {
  const load = async (entity: string, rows: readonly unknown[]) => {
    for (const chunk of chunksOf(rows, BULK_SIZE)) {
      await client.require("POST", `${WORKSPACE}/${entity}/bulk?atomic=true`, chunk);
    }
  };
  await load("Customer", customers);
  await load("Order", orders.map(recordOf));
  await load(
    "Line",
    lines.map(({ order, ...line }) => ({ ...line, orderId: order })),
  );
  for (const count of CONNECTIONS) {
    await load(entityOf(writeTable("updated", count)), orders.slice(0, UPDATED_RECORDS).map(recordOf));
  }
}

const tablesFor = (connections: number) => [
  writeTable("created", connections),
  writeTable("updated", connections),
  writeTable("bulk", connections),
];
