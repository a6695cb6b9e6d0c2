import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../free-port.ts";
import { type ApiWords, operationIn } from "./api-words.ts";
import {
  BULK_SIZE,
  chunksOf,
  customers,
  type ListedPage,
  lines,
  type OrderRow,
  orders,
  PAGE_SIZE,
  UPDATED_RECORDS,
  writeTable,
} from "./data-set.ts";
import { installPeer } from "./install-peer.ts";
import { sendRequest } from "./operations.ts";
import { directoryBytes } from "./process-tree.ts";
import { CONNECTIONS } from "./settings.ts";
import { startProgram } from "./start-program.ts";
import type { Target, TargetStarter } from "./target.ts";

/** 12.4.1 does not install without access to GitHub; 12 asks for Node 22 or newer. */
const PACKAGE = { name: "directus", version: "12.4.0", node: 22 };
const TOKEN = "bench-admin-token-of-directus";
/** Not `*`, which would also read the ids of each order's lines. */
const FIELDS = "fields=id,number,status,amount,placed_at,customer_id";
const list = ({ status, page }: ListedPage) =>
  `/items/orders?filter[status][_eq]=${status}&sort=-placed_at&limit=${PAGE_SIZE}&page=${page + 1}&${FIELDS}`;

interface ListBody {
  readonly data: readonly {
    readonly number: string;
    readonly lines?: readonly unknown[];
    readonly customer_id?: { readonly name: string };
  }[];
  readonly meta?: { readonly filter_count: number };
}

const recordOf = ({ placedAt, customer, ...fields }: OrderRow) => ({
  ...fields,
  placed_at: placedAt,
  customer_id: customer,
});
const numbersOf = ({ data }: ListBody) => data.map(({ number }) => number);

const words: ApiWords = {
  get: (id) => `/items/orders/${id}?${FIELDS}`,
  listWithTotal: (listed) => `${list(listed)}&meta=filter_count`,
  listWithoutTotal: list,
  listWithExpansion: (listed) => `${list(listed)}.*,lines.*`,
  create: (table, row) => ({ method: "POST", path: `/items/${table}`, body: recordOf(row) }),
  update: (table, id, body) => ({ method: "PATCH", path: `/items/${table}/${id}`, body }),
  bulkCreate: (table, rows) => ({ method: "POST", path: `/items/${table}`, body: rows.map(recordOf) }),
  createdStatus: 200,
  summarizeOne: ({ data }: { data: { number: string } }) => ({ numbers: [data.number] }),
  summarizeList: (body: ListBody) => ({ numbers: numbersOf(body) }),
  summarizeTotal: (body: ListBody) => ({ numbers: numbersOf(body), total: body.meta?.filter_count }),
  summarizeExpansion: (body: ListBody) => ({
    numbers: numbersOf(body),
    lines: body.data[0]?.lines?.length,
    customer: body.data[0]?.customer_id?.name,
  }),
};

/** Directus with its own SQLite file, as `directus bootstrap` and `directus start` make it, asked with a static token. */
export const directus = (directory: string): TargetStarter => ({
  name: "Directus",
  async start() {
    const installed = await installPeer(PACKAGE);
    const home = join(directory, "directus");
    for (const folder of ["uploads", "extensions"]) mkdirSync(join(home, folder), { recursive: true });
    const port = await freePort();
    const baseUrl = `http://127.0.0.1:${port}`;
    const env = { ...installed.env, ...settings(home, port) };
    const cli = join(installed.directory, "node_modules/directus/cli.js");
    await promisify(execFile)(installed.node, [cli, "bootstrap"], {
      cwd: home,
      env: { ...process.env, ...env },
    });
    await startProgram({
      command: installed.node,
      args: [cli, "start"],
      cwd: home,
      env,
      logFile: join(directory, "directus.log"),
      readyUrl: `${baseUrl}/server/ping`,
    });
    const target = describe(baseUrl, installed);
    await fill(target);
    return target;
  },
});

function settings(home: string, port: number): Record<string, string> {
  return {
    NODE_ENV: "production",
    DB_CLIENT: "sqlite3",
    DB_FILENAME: join(home, "data.db"),
    SECRET: "bench-secret-of-directus-with-enough-bytes",
    ADMIN_EMAIL: "admin@example.com",
    ADMIN_PASSWORD: "bench-password",
    ADMIN_TOKEN: TOKEN,
    HOST: "127.0.0.1",
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    TELEMETRY: "false",
    LOG_LEVEL: "warn",
  };
}

function describe(
  baseUrl: string,
  { directory, nodeVersion }: { directory: string; nodeVersion: string },
): Target {
  const target: Target = {
    name: "Directus",
    version: PACKAGE.version,
    start: `directus start, Node ${nodeVersion}, SQLite in its process, log level warn`,
    baseUrl,
    headers: { authorization: `Bearer ${TOKEN}` },
    installedBytes: directoryBytes(directory),
    operation: (name, connections) => operationIn(words, name, connections),
    async count(table) {
      const response = await sendRequest(target, {
        method: "GET",
        path: `/items/${table}?limit=1&meta=total_count`,
      });
      return ((await response.json()) as { meta: { total_count: number } }).meta.total_count;
    },
  };
  return target;
}

async function fill(target: Target): Promise<void> {
  const post = async (path: string, body: unknown) => {
    const response = await sendRequest(target, { method: "POST", path, body });
    if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  };
  const load = async (table: string, rows: readonly unknown[]) => {
    for (const chunk of chunksOf(rows, BULK_SIZE)) await post(`/items/${table}`, chunk);
  };
  await defineCollections(post);
  await load("customers", customers);
  await load("orders", orders.map(recordOf));
  await load(
    "lines",
    lines.map(({ order, ...line }) => ({ ...line, order_id: order })),
  );
  for (const count of CONNECTIONS) {
    await load(writeTable("updated", count), orders.slice(0, UPDATED_RECORDS).map(recordOf));
  }
}

async function defineCollections(post: (path: string, body: unknown) => Promise<void>): Promise<void> {
  const id = { field: "id", type: "integer", schema: { is_primary_key: true, has_auto_increment: true } };
  const text = (field: string) => ({ field, type: "string", schema: { is_nullable: false } });
  const integer = (field: string) => ({ field, type: "integer", schema: { is_nullable: false } });
  const indexed = <T extends { schema: object }>(field: T) => ({
    ...field,
    schema: { ...field.schema, is_indexed: true },
  });
  const collect = (collection: string, fields: readonly object[]) =>
    post("/collections", { collection, schema: {}, meta: {}, fields: [id, ...fields] });
  const relate = (collection: string, field: string, related: string, meta?: object) =>
    post("/relations", { collection, field, related_collection: related, schema: {}, ...(meta && { meta }) });
  const orderFields = [
    text("number"),
    indexed(text("status")),
    integer("amount"),
    indexed(text("placed_at")),
    indexed(integer("customer_id")),
  ];
  await collect("customers", ["name", "email", "country"].map(text));
  await collect("orders", [...orderFields, { field: "lines", type: "alias", meta: { special: ["o2m"] } }]);
  await collect("lines", [text("product"), integer("quantity"), indexed(integer("order_id"))]);
  await relate("orders", "customer_id", "customers");
  await relate("lines", "order_id", "orders", { one_field: "lines" });
  for (const count of CONNECTIONS) {
    for (const kind of ["created", "updated", "bulk"] as const) {
      await collect(writeTable(kind, count), orderFields);
      await relate(writeTable(kind, count), "customer_id", "customers");
    }
  }
}
