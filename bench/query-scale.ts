import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { alternate } from "./support/alternate.ts";
import { describeMachine } from "./support/describe-machine.ts";
import { EVENT_COLUMNS, fillEvents } from "./support/event-records.ts";
import { executeSql, withNumbers } from "./support/execute-sql.ts";
import { publishResults, readNumber } from "./support/publish-results.ts";
import { ADMIN_TOKEN, type Stack, startStack } from "./support/stack.ts";

/*
 * `npm run bench:query`: latency of lists by the number of records, and of an expansion against the plain list. Rounds
 * alternate between what is compared; medians. Environment: ROUNDS (60, requests of each kind).
 */
const ROUNDS = readNumber("ROUNDS", 60);
const SIZES = { Small: 1_000, Medium: 100_000, Large: 1_000_000 } as const;
const ORDERS = 100;
const LINES_PER_ORDER = 4;

type Name = keyof typeof SIZES;
const NAMES = Object.keys(SIZES) as Name[];

await runServer(async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-query-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const stack = await startStack(directory);
  const key = await defineEntities(stack);
  await loadRecords(stack);
  report(await measureAll(stack, key));
  await endProcess(0);
});

async function defineEntities({ baseUrl }: Stack): Promise<string> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  const workspace = "/admin/v1/organizations/bench/workspaces/scale";
  await admin.require("POST", "/admin/v1/organizations", { slug: "bench", name: "Bench" });
  await admin.require("POST", "/admin/v1/organizations/bench/workspaces", { slug: "scale", name: "Scale" });
  for (const name of NAMES) {
    const definition = { name, tableName: name.toLowerCase(), columns: EVENT_COLUMNS };
    await admin.require("POST", `${workspace}/entities`, definition);
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

async function loadRecords({ database }: Stack): Promise<void> {
  for (const name of NAMES) await fillEvents(database, `w1_${name.toLowerCase()}`, SIZES[name]);
  const lines = ORDERS * LINES_PER_ORDER;
  const statements = [
    `INSERT INTO w1_customers (email, name, country) ${withNumbers(1, 50)} SELECT 'c' || i, 'Name ' || i, 'PT' FROM n`,
    `INSERT INTO w1_orders (number, status, customer_id) ${withNumbers(1, ORDERS)} SELECT 'o' || i, 'NEW', 1 + i % 50 FROM n`,
    `INSERT INTO w1_lines (product, quantity, order_id) ${withNumbers(1, lines)} SELECT 'p' || i, i, 1 + i % ${ORDERS} FROM n`,
  ];
  for (const sql of statements) await executeSql(database, sql);
}

interface Comparison {
  readonly what: string;
  readonly goal: number;
  /** Median milliseconds by operation. The first is the reference for the last. */
  readonly medians: Readonly<Record<string, number>>;
}

async function measureAll({ baseUrl }: Stack, key: string): Promise<readonly Comparison[]> {
  const client = createApiClient(baseUrl, key);
  const get = async (path: string) => {
    const { status, body } = await client.send("GET", `/api/v1/bench/scale/${path}`);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const compare = async (
    what: string,
    goal: number,
    paths: Readonly<Record<string, string>>,
  ): Promise<Comparison> => {
    const runs = Object.entries(paths).map(([name, path]) => [name, () => get(path)]);
    const latencies = await alternate(ROUNDS, Object.fromEntries(runs));
    const medians = Object.entries(latencies).map(([name, { p50Ms }]) => [name, p50Ms]);
    return { what, goal, medians: Object.fromEntries(medians) };
  };
  const byName = (path: (name: Name) => string) =>
    Object.fromEntries(NAMES.map((name) => [name, path(name)]));
  const cursors = new Map<Name, string>();
  for (const name of NAMES) {
    let cursor = "";
    for (let seen = 0; seen < SIZES[name] / 2; seen += 500) {
      const body = await get(`${name}?sort=happenedAt&size=500&fields=id&cursor=${cursor}`);
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
    `Records: ${sizes}. ${describeMachine()}, ${new Date().toISOString().slice(0, 10)}; ${ROUNDS} requests of each, one at a time, alternating; medians.`,
    "",
    "| what | median | ratio last : first | goal at most |",
    "|---|---|---:|---:|",
    ...lines,
    "",
  ].join("\n");
  publishResults({ "query-scale.md": text, "query-scale.json": `${JSON.stringify(comparisons, null, 2)}\n` });
  console.log(text);
}
