import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { freePort } from "../free-port.ts";
import { readCompatibility } from "../workerd/workerd-config.ts";
import { type ApiWords, operationIn } from "./api-words.ts";
import {
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
import { type InstalledPeer, installPeer } from "./install-peer.ts";
import { sendRequest } from "./operations.ts";
import type { LibsqlAddress } from "./ours.ts";
import { directoryBytes } from "./process-tree.ts";
import { CONNECTIONS } from "./settings.ts";
import { type Program, startProgram } from "./start-program.ts";
import type { Target, TargetStarter } from "./target.ts";

const PACKAGE = { name: "bknd", version: "0.20.0", node: 24 };
/** The version that wrangler of this project uses too. */
const MINIFLARE = "miniflare@5.20261102.0-beta";
const PROGRAMS = fileURLToPath(new URL("./programs", import.meta.url));
/** D1 takes at most 100 parameters per statement. */
const FILL_SIZE = 20;
const ENTITY = "/api/data/entity";
const list = ({ status, page }: ListedPage) => {
  const where = encodeURIComponent(JSON.stringify({ status }));
  return `${ENTITY}/orders?where=${where}&sort=-placedAt&limit=${PAGE_SIZE}&offset=${page * PAGE_SIZE}`;
};
const WRITTEN = CONNECTIONS.flatMap((count) =>
  (["created", "updated", "bulk"] as const).map((kind) => writeTable(kind, count)),
);

interface ListBody {
  readonly data: readonly {
    readonly number: string;
    readonly lines?: readonly unknown[];
    readonly customers?: { readonly name: string };
  }[];
  readonly meta: { readonly count?: number };
}

const recordOf = ({ customer, ...fields }: OrderRow) => ({ ...fields, customers_id: customer });
const numbersOf = ({ data }: ListBody) => data.map(({ number }) => number);

const sharedWords: ApiWords = {
  get: (id) => `${ENTITY}/orders/${id}`,
  listWithExpansion: (listed) => `${list(listed)}&with=customers,lines`,
  create: (table, row) => ({ method: "POST", path: `${ENTITY}/${table}`, body: recordOf(row) }),
  update: (table, id, body) => ({ method: "PATCH", path: `${ENTITY}/${table}/${id}`, body }),
  bulkCreate: (table, rows) => ({ method: "POST", path: `${ENTITY}/${table}`, body: rows.map(recordOf) }),
  createdStatus: 201,
  bulkStatus: 201,
  summarizeOne: ({ data }: { data: { number: string } }) => ({ numbers: [data.number] }),
  summarizeList: (body: ListBody) => ({ numbers: numbersOf(body) }),
  summarizeTotal: (body: ListBody) => ({ numbers: numbersOf(body), total: body.meta.count }),
  summarizeExpansion: (body: ListBody) => ({
    numbers: numbersOf(body),
    lines: body.data[0]?.lines?.length,
    customer: body.data[0]?.customers?.name,
  }),
};

/** On Node and libSQL it counts with every list, so there is none without the total; on D1 it never counts. */
const wordsOnNode: ApiWords = { ...sharedWords, listWithTotal: list };
const wordsOnWorkerd: ApiWords = { ...sharedWords, listWithoutTotal: list };

interface NodeProgram {
  readonly name: string;
  /** The program without its extension. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where its database is, for the report. */
  readonly database: string;
}

const onNode = (directory: string, { name, program, env, database }: NodeProgram): TargetStarter => ({
  name,
  async start() {
    const installed = await installPeer(PACKAGE);
    copyPrograms(installed);
    const running = {
      command: installed.node,
      args: [join(installed.directory, `${program}.mjs`)],
      cwd: installed.directory,
      env: { ...installed.env, ...env },
      logFile: join(directory, `${program}.log`),
    };
    const start = `code mode in production, Node ${installed.nodeVersion}, ${database}, no key checked`;
    return startTwice(running, { name, words: wordsOnNode, start, directory: installed.directory });
  },
});

export const bkndOnNode = (directory: string): TargetStarter =>
  onNode(directory, {
    name: "bknd on Node",
    program: "bknd-node",
    env: { DATABASE_FILE: join(directory, "bknd.db") },
    database: "node:sqlite in its process",
  });

/** Over a libSQL server, by the HTTP driver that bknd brings along. */
export const bkndOnLibsql = (directory: string, { url, authToken }: LibsqlAddress): TargetStarter =>
  onNode(directory, {
    name: "bknd on Node, libSQL",
    program: "bknd-libsql",
    env: { DATABASE_URL: url, DATABASE_TOKEN: authToken },
    database: "libSQL over HTTP by its own driver",
  });

export const bkndOnWorkerd = (directory: string): TargetStarter => ({
  name: "bknd on workerd, D1",
  async start() {
    const installed = await installPeer({
      ...PACKAGE,
      others: [MINIFLARE],
    });
    copyPrograms(installed);
    const script = join(installed.directory, "bknd-worker-bundle.mjs");
    await bundle(join(installed.directory, "bknd-worker.mjs"), script);
    const persistence = join(directory, "bknd-d1");
    mkdirSync(persistence, { recursive: true });
    const env = {
      ...installed.env,
      SCRIPT: script,
      DIRECTORY: persistence,
      COMPATIBILITY_DATE: readCompatibility().date,
    };
    const program = {
      command: installed.node,
      args: [join(installed.directory, "miniflare-d1.mjs")],
      cwd: installed.directory,
      env,
      logFile: join(directory, "bknd-workerd.log"),
    };
    const start =
      "code mode in production, workerd and D1 of Miniflare, the app kept in the isolate, no key checked";
    return startTwice(program, {
      name: "bknd on workerd, D1",
      words: wordsOnWorkerd,
      start,
      directory: installed.directory,
    });
  },
});

/** Where the programs find the packages that they import. */
const copyPrograms = ({ directory }: InstalledPeer) => cpSync(PROGRAMS, directory, { recursive: true });

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    minify: true,
    logLevel: "error",
  });
}

interface Described {
  readonly name: string;
  readonly words: ApiWords;
  readonly start: string;
  readonly directory: string;
}

/** Runs once to create the tables, then as in production. */
async function startTwice(program: Omit<Program, "readyUrl">, described: Described): Promise<Target> {
  const { name, words, start, directory } = described;
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const readyUrl = `${baseUrl}${ENTITY}/orders?limit=1`;
  const env = { ...program.env, PORT: String(port), WRITTEN: WRITTEN.join(",") };
  const syncing = await startProgram({ ...program, readyUrl, env: { ...env, SYNC: "true" } });
  await syncing.stop();
  await startProgram({ ...program, readyUrl, env });
  const target: Target = {
    name,
    version: PACKAGE.version,
    start,
    baseUrl,
    headers: {},
    installedBytes: directoryBytes(directory),
    operation: (operation, connections) => operationIn(words, operation, connections),
    async count(table) {
      const request = { method: "POST", path: `${ENTITY}/${table}/fn/count`, body: {} } as const;
      const response = await sendRequest(target, request);
      return ((await response.json()) as { count: number }).count;
    },
  };
  await fill(target);
  return target;
}

async function fill(target: Target): Promise<void> {
  const load = async (table: string, rows: readonly unknown[]) => {
    for (const body of chunksOf(rows, FILL_SIZE)) {
      const path = `${ENTITY}/${table}`;
      const response = await sendRequest(target, { method: "POST", path, body });
      if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    }
  };
  await load("customers", customers);
  await load("orders", orders.map(recordOf));
  await load(
    "lines",
    lines.map(({ order, ...line }) => ({ ...line, orders_id: order })),
  );
  for (const count of CONNECTIONS) {
    await load(writeTable("updated", count), orders.slice(0, UPDATED_RECORDS).map(recordOf));
  }
}
