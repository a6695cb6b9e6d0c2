import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { migrateDatabase } from "../tools/migrate.ts";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { publishResults, readNumber } from "./support/publish-results.ts";
import { type CountingProxy, type RowCount, startCountingProxy } from "./support/rows/counting-proxy.ts";
import { ADMIN_TOKEN, startStack } from "./support/stack.ts";

/*
 * `npm run bench:rows`: rows that a libSQL server reads and writes for each operation, which Turso bills. Needs a libSQL
 * server with an empty database that reports rows: LIBSQL_URL, LIBSQL_AUTH_TOKEN. Environment: ORDERS (10000).
 */
const ORDERS = readNumber("ORDERS", 10_000);
const STATUSES = ["NEW", "PAID", "SENT", "DONE"];
const BULK = 100;
const MINUTE_MS = 60_000;
const WORKSPACE = "/admin/v1/organizations/bench/workspaces/rows";

interface Operation {
  readonly name: string;
  readonly method?: string;
  /** Relative to the workspace's path. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
}

const order = (i: number) => ({
  number: `order-${i}`,
  status: STATUSES[i % STATUSES.length],
  placedAt: new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString(),
  customerId: 1 + (i % 100),
});
const orders = (from: number, count: number) => Array.from({ length: count }, (_, i) => order(from + i));
const parcelOf = ({ number, status, placedAt }: ReturnType<typeof order>) => ({ number, status, placedAt });

const OPERATIONS: readonly Operation[] = [
  { name: "get by id", path: "/Order/5" },
  { name: "get by id with a to-one expansion", path: "/Order/5?expand=customer" },
  {
    name: "an unknown key",
    path: "/Order/5",
    headers: { authorization: "Bearer sk_live_unknown" },
    status: 401,
  },
  { name: "list of 20", path: "/Order?size=20&count=none" },
  { name: "list of 20 with total", path: "/Order?size=20" },
  { name: "list of 20 with a to-one expansion", path: "/Order?size=20&count=none&expand=customer" },
  { name: "list of 20 sorted by an indexed column", path: "/Order?size=20&count=none&sort=placedAt" },
  {
    name: "list of 20 sorted by an indexed column, descending",
    path: "/Order?size=20&count=none&sort=placedAt,desc",
  },
  {
    name: "list of 20: filter on an indexed status",
    path: "/Order?size=20&count=none&filter[status]=NEW",
  },
  { name: "list of 20: filter on an indexed status, with total", path: "/Order?size=20&filter[status]=NEW" },
  {
    name: "list of 20: filter on status, sorted by placedAt",
    path: "/Order?size=20&count=none&filter[status]=NEW&sort=placedAt,desc",
  },
  {
    name: "list of 20: filter on status, sorted by placedAt, with total",
    path: "/Order?size=20&filter[status]=NEW&sort=placedAt,desc",
  },
  {
    name: "list of 20: filter and sort by one composite index",
    path: "/Parcel?size=20&count=none&filter[status]=NEW&sort=placedAt",
  },
  {
    name: "list of 20: filter and sort by one composite index, descending",
    path: "/Parcel?size=20&count=none&filter[status]=NEW&sort=placedAt,desc",
  },
  {
    name: "list of 20: filter and sort by one composite index, descending, with total",
    path: "/Parcel?size=20&filter[status]=NEW&sort=placedAt,desc",
  },
  { name: "create", method: "POST", path: "/Order", body: order(ORDERS + 1), status: 201 },
  {
    name: "create with an Idempotency-Key",
    method: "POST",
    path: "/Order",
    body: order(ORDERS + 2),
    headers: { "idempotency-key": "bench-rows" },
    status: 201,
  },
  { name: "update", method: "PATCH", path: "/Order/7", body: { number: "changed" } },
  { name: "delete", method: "DELETE", path: "/Order/9", status: 204 },
  {
    name: `bulk create of ${BULK}`,
    method: "POST",
    path: "/Order/bulk",
    body: orders(ORDERS + 10, BULK),
  },
];

await runServer(async () => {
  const { LIBSQL_URL, LIBSQL_AUTH_TOKEN } = process.env;
  if (!LIBSQL_URL) throw new Error("Set LIBSQL_URL to a libSQL server with an empty database.");
  const directory = mkdtempSync(join(tmpdir(), "bench-rows-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  await migrateDatabase({ url: LIBSQL_URL, authToken: LIBSQL_AUTH_TOKEN });
  const proxy = await startCountingProxy(LIBSQL_URL);
  onEnd(proxy.close);
  const { baseUrl } = await startStack(directory, {
    LIBSQL_URL: proxy.url,
    LIBSQL_AUTH_TOKEN: LIBSQL_AUTH_TOKEN ?? "none",
  });
  const key = await fill(baseUrl);
  const measured: Measured[] = [];
  for (const operation of OPERATIONS) measured.push(await measure({ baseUrl, key, proxy }, operation));
  measured.push({ name: "a minute without a request", rows: await measureMinute(proxy) });
  report(measured);
  await endProcess(0);
});

/** Returns an API key of a workspace with customers and orders. */
async function fill(baseUrl: string): Promise<string> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  await admin.require("POST", "/admin/v1/organizations", { slug: "bench", name: "Bench" });
  await admin.require("POST", "/admin/v1/organizations/bench/workspaces", { slug: "rows", name: "Rows" });
  const customer = { name: "Customer", columns: [{ name: "name", type: "VARCHAR" }] };
  const references = { entity: "Customer", relationship: "customer", inverse: "orders" };
  const number = { name: "number", type: "VARCHAR", nullable: false };
  const status = { name: "status", type: "VARCHAR", nullable: false };
  const placedAt = { name: "placedAt", type: "DATETIME", nullable: false };
  const columns = [
    number,
    { ...status, indexed: true },
    { ...placedAt, indexed: true },
    { name: "customerId", nullable: false, references },
  ];
  const parcel = {
    name: "Parcel",
    columns: [number, status, placedAt],
    indexes: [{ fields: ["status", "placedAt"] }],
  };
  for (const entity of [customer, { name: "Order", columns }, parcel]) {
    await admin.require("POST", `${WORKSPACE}/entities`, entity);
  }
  const made = await admin.require("POST", `${WORKSPACE}/api-keys`, {
    name: "bench",
    permission: "READ_WRITE",
  });
  const { key } = made as { key: string };
  const data = createApiClient(baseUrl, key);
  const customers = Array.from({ length: 100 }, (_, i) => ({ name: `Customer ${i}` }));
  await data.require("POST", "/api/v1/bench/rows/Customer/bulk", customers);
  for (let i = 0; i < ORDERS; i += BULK) {
    const chunk = orders(i, Math.min(BULK, ORDERS - i));
    await data.require("POST", "/api/v1/bench/rows/Order/bulk", chunk);
    await data.require("POST", "/api/v1/bench/rows/Parcel/bulk", chunk.map(parcelOf));
  }
  return key;
}

interface Measured {
  readonly name: string;
  readonly rows: RowCount;
}

/**
 * The rows of the second of two requests, for which the isolate has cached the key and the catalog; for a write, the
 * first.
 */
async function measure(
  { baseUrl, key, proxy }: { baseUrl: string; key: string; proxy: CountingProxy },
  operation: Operation,
): Promise<Measured> {
  const { name, method = "GET", path, body, headers, status = 200 } = operation;
  let rows: RowCount = { read: 0, written: 0 };
  for (let i = method === "GET" ? 0 : 1; i < 2; i += 1) {
    const requestId = crypto.randomUUID();
    const response = await fetch(`${baseUrl}/api/v1/bench/rows${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "x-request-id": requestId,
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== status) throw new Error(`${name} answered ${response.status}: ${text}`);
    rows = proxy.rowsOf(requestId);
  }
  return { name, rows };
}

/** Each minute has one scheduled run. */
async function measureMinute(proxy: CountingProxy): Promise<RowCount> {
  const before = proxy.total();
  await sleep(MINUTE_MS);
  const after = proxy.total();
  return { read: after.read - before.read, written: after.written - before.written };
}

function report(measured: readonly Measured[]): void {
  const date = new Date().toISOString().slice(0, 10);
  const lines = measured.map(({ name, rows }) => `| ${name} | ${rows.read} | ${rows.written} |`);
  const text = [
    "# Rows read and written",
    "",
    `${date}. As a libSQL server reports them, per request, with ${ORDERS.toLocaleString("en")} orders: indexes on status (a quarter of the orders each), placedAt (all different) and customerId. As many parcels have one composite index, on status and placedAt. Read requests are asked a second time, so that the isolate knows the key and the catalog.`,
    "",
    "| operation | rows read | rows written |",
    "|---|---:|---:|",
    ...lines,
    "",
  ].join("\n");
  console.log(text);
  publishResults({ "rows.md": text });
}
