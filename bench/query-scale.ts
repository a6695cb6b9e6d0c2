import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { startLibsqlServer } from "../tools/libsql-server/start-libsql-server.ts";
import { createApiClient } from "../tools/seed/api-client.ts";

/*
 * `npm run bench:query`: latency of lists by the number of records, and of an expansion against the plain list. Rounds
 * alternate between what is compared; medians. Environment: ROUNDS (60, requests of each kind).
 */
const ROUNDS = Number(process.env.ROUNDS ?? 60);
const PORT = Number(process.env.PORT ?? 8791);
const ADMIN_TOKEN = "bench-admin-token";
const SIZES = { Small: 1_000, Medium: 100_000, Large: 1_000_000 } as const;
const INSERT_CHUNK = 100_000;
const ORDERS = 100;
const LINES_PER_ORDER = 4;

type Name = keyof typeof SIZES;
const NAMES = Object.keys(SIZES) as Name[];

const directory = mkdtempSync(join(tmpdir(), "bench-query-"));
const database = await startLibsqlServer({ file: join(directory, "data.db") });
const server = spawn(process.execPath, ["tools/serve.ts"], {
  env: {
    ...process.env,
    PORT: String(PORT),
    DATA_DIR: join(directory, "serve"),
    ADMIN_TOKEN,
    LIBSQL_URL: database.url,
  },
  stdio: ["ignore", "pipe", "inherit"],
});
const baseUrl = `http://127.0.0.1:${PORT}`;
try {
  await new Promise<void>((resolve, reject) => {
    server.stdout.on("data", (text) => String(text).includes("Ready on") && resolve());
    server.on("exit", () => reject(new Error("serve ended")));
  });
  const key = await defineEntities();
  await loadRecords();
  report(await measureAll(key));
} finally {
  server.kill("SIGTERM");
  await database.close();
  rmSync(directory, { recursive: true, force: true });
}

async function defineEntities(): Promise<string> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  const workspace = "/admin/v1/organizations/bench/workspaces/scale";
  await admin.require("POST", "/admin/v1/organizations", { slug: "bench", name: "Bench" });
  await admin.require("POST", "/admin/v1/organizations/bench/workspaces", { slug: "scale", name: "Scale" });
  for (const name of NAMES) {
    const columns = [
      { name: "code", type: "VARCHAR", nullable: false, indexed: true },
      { name: "happenedAt", type: "DATETIME", nullable: false, indexed: true },
      { name: "amount", type: "DECIMAL", precision: 12, scale: 2 },
    ];
    await admin.require("POST", `${workspace}/entities`, { name, tableName: name.toLowerCase(), columns });
  }
  const text = (name: string) => ({ name, type: "VARCHAR", nullable: false });
  const to = (entity: string, name: string, inverse: string) => {
    return { name: `${name}Id`, nullable: false, references: { entity, relationship: name, inverse } };
  };
  const definitions = [
    { name: "Customer", columns: [text("email"), text("name"), text("country")] },
    { name: "Order", columns: [text("number"), text("status"), to("Customer", "customer", "orders")] },
    {
      name: "Line",
      columns: [text("product"), { name: "quantity", type: "INTEGER" }, to("Order", "order", "lines")],
    },
  ];
  for (const definition of definitions) await admin.require("POST", `${workspace}/entities`, definition);
  const created = await admin.require("POST", `${workspace}/api-keys`, {
    name: "bench",
    permission: "READ_ONLY",
  });
  return (created as { key: string }).key;
}

/** Straight into the tables, because a million requests would measure something else. Triggers keep the counts. */
async function loadRecords(): Promise<void> {
  for (const name of NAMES) {
    for (let start = 1; start <= SIZES[name]; start += INSERT_CHUNK) {
      const end = Math.min(SIZES[name], start + INSERT_CHUNK - 1);
      await execute(`INSERT INTO "w1_${name.toLowerCase()}" (code, happened_at, amount)
        WITH RECURSIVE n(i) AS (SELECT ${start} UNION ALL SELECT i + 1 FROM n WHERE i < ${end})
        SELECT 'code ' || (i / 10), strftime('%Y-%m-%dT%H:%M:%f', '2020-01-01', (i * 37 % 100000000) || ' seconds') || 'Z', i
        FROM n`);
      console.log(`${name}: ${end} records`);
    }
  }
  const series = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  await execute(
    `INSERT INTO w1_customers (email, name, country) ${series(50)} SELECT 'c' || i, 'Name ' || i, 'PT' FROM n`,
  );
  await execute(
    `INSERT INTO w1_orders (number, status, customer_id) ${series(ORDERS)} SELECT 'o' || i, 'NEW', 1 + i % 50 FROM n`,
  );
  const lines = ORDERS * LINES_PER_ORDER;
  await execute(
    `INSERT INTO w1_lines (product, quantity, order_id) ${series(lines)} SELECT 'p' || i, i, 1 + i % ${ORDERS} FROM n`,
  );
}

async function execute(sql: string): Promise<void> {
  const requests = [{ type: "execute", stmt: { sql } }, { type: "close" }];
  const response = await fetch(`${database.url}/v2/pipeline`, {
    method: "POST",
    body: JSON.stringify({ requests }),
  });
  const { results } = (await response.json()) as { results: { type: string; error?: { message: string } }[] };
  if (results[0]?.type !== "ok") throw new Error(results[0]?.error?.message);
}

interface Comparison {
  readonly what: string;
  readonly goal: number;
  /** Median milliseconds by what is compared; the first is the measure of the last. */
  readonly medians: Readonly<Record<string, number>>;
}

async function measureAll(key: string): Promise<readonly Comparison[]> {
  const client = createApiClient(baseUrl, key);
  const get = async (path: string) => {
    const start = performance.now();
    const { status, body } = await client.send("GET", `/api/v1/bench/scale/${path}`);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    return { milliseconds: performance.now() - start, body };
  };
  const compare = async (
    what: string,
    goal: number,
    paths: Readonly<Record<string, string>>,
  ): Promise<Comparison> => {
    const times: Record<string, number[]> = {};
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, path] of Object.entries(paths)) {
        const { milliseconds } = await get(path);
        times[name] = [...(times[name] ?? []), milliseconds];
      }
    }
    const medians = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, medianOf(list)]));
    return { what, goal, medians };
  };
  const byName = (path: (name: Name) => string) =>
    Object.fromEntries(NAMES.map((name) => [name, path(name)]));
  const cursors = new Map<Name, string>();
  for (const name of NAMES) {
    let cursor = "";
    for (let seen = 0; seen < SIZES[name] / 2; seen += 500) {
      const { body } = await get(`${name}?sort=happenedAt&size=500&fields=id&cursor=${cursor}`);
      cursor = (body.meta as unknown as { nextCursor: string }).nextCursor;
    }
    cursors.set(name, cursor);
  }
  return [
    await compare(
      "page 0 with total",
      1.3,
      byName((name) => name),
    ),
    await compare(
      "page 0 sorted by an indexed column",
      1.3,
      byName((name) => `${name}?sort=happenedAt,desc`),
    ),
    await compare(
      "cursor page in the middle",
      1.3,
      byName((name) => `${name}?sort=happenedAt&cursor=${cursors.get(name)}`),
    ),
    await compare(
      "indexed equality filter, 10 hits",
      1.3,
      byName((name) => `${name}?filter[code]=code%2050`),
    ),
    await compare("100 orders: plain, and with customers and lines", 3, {
      plain: "Order?size=100",
      expanded: "Order?size=100&expand=customer,lines",
    }),
  ];
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function report(comparisons: readonly Comparison[]): void {
  const lines = comparisons.map(({ what, goal, medians }) => {
    const values = Object.values(medians);
    const ratio = (values.at(-1) ?? 0) / (values[0] ?? 1);
    const shown = Object.entries(medians).map(([name, median]) => `${name} ${median.toFixed(2)} ms`);
    return `| ${what} | ${shown.join(", ")} | ${ratio.toFixed(2)} | ${goal} |`;
  });
  const sizes = NAMES.map((name) => `${name} ${SIZES[name]}`).join(", ");
  const text = [
    "# Lists by number of records",
    "",
    `Records: ${sizes}. ${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}; ${ROUNDS} requests of each, one at a time, alternating; medians.`,
    "",
    "| what | median | ratio last : first | goal at most |",
    "|---|---|---:|---:|",
    ...lines,
    "",
  ].join("\n");
  mkdirSync("bench/results", { recursive: true });
  writeFileSync("bench/results/query-scale.md", text);
  writeFileSync("bench/results/query-scale.json", `${JSON.stringify(comparisons, null, 2)}\n`);
  console.log(text);
}
