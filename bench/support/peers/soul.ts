import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { freePort } from "../free-port.ts";
import { type ApiWords, operationIn } from "./api-words.ts";
import {
  customers,
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

/** Its better-sqlite3 compiles against Node 20 at most. */
const PACKAGE = { name: "soul-cli", version: "0.8.2", node: 20 };
const TABLES = "/api/tables";

interface ListBody {
  readonly data: readonly { readonly number: string }[];
  readonly total: number;
}

const rowOf = ({ placedAt, customer, ...fields }: OrderRow) => ({
  ...fields,
  placed_at: placedAt,
  customer_id: customer,
});
const numbersOf = ({ data }: ListBody) => data.map(({ number }) => number);

/** It always counts, has no to-many expansion and creates one row a request. */
const words: ApiWords = {
  get: (id) => `${TABLES}/orders/rows/${id}`,
  listWithTotal: ({ status, page }) =>
    `${TABLES}/orders/rows?_filters=status:${status}&_ordering=-placed_at&_limit=${PAGE_SIZE}&_page=${page + 1}`,
  create: (table, row) => ({ method: "POST", path: `${TABLES}/${table}/rows`, body: { fields: rowOf(row) } }),
  update: (table, id, fields) => ({ method: "PUT", path: `${TABLES}/${table}/rows/${id}`, body: { fields } }),
  createdStatus: 201,
  summarizeOne: (body: ListBody) => ({ numbers: numbersOf(body) }),
  summarizeList: (body: ListBody) => ({ numbers: numbersOf(body) }),
  summarizeTotal: (body: ListBody) => ({ numbers: numbersOf(body), total: body.total }),
};

/** soul-cli over a SQLite file made beforehand, without keys, as its README starts it. */
export const soul = (directory: string): TargetStarter => ({
  name: "soul-cli",
  async start() {
    const installed = await installPeer(PACKAGE);
    const file = join(directory, "soul.db");
    createDatabase(file);
    const port = await freePort();
    const baseUrl = `http://127.0.0.1:${port}`;
    await startProgram({
      command: installed.node,
      args: [
        join(installed.directory, "node_modules/soul-cli/src/server.js"),
        "-d",
        file,
        "-p",
        String(port),
      ],
      cwd: directory,
      env: installed.env,
      logFile: join(directory, "soul.log"),
      readyUrl: `${baseUrl}/api`,
    });
    const target: Target = {
      name: "soul-cli",
      version: PACKAGE.version,
      start: `soul -d, Node ${installed.nodeVersion}, SQLite in its process, no key checked`,
      baseUrl,
      headers: {},
      installedBytes: directoryBytes(installed.directory),
      operation: (name, connections) => operationIn(words, name, connections),
      async count(table) {
        const response = await sendRequest(target, {
          method: "GET",
          path: `${TABLES}/${table}/rows?_limit=1`,
        });
        return ((await response.json()) as ListBody).total;
      },
    };
    return target;
  },
});

function createDatabase(file: string): void {
  const database = new DatabaseSync(file);
  const orderColumns = `id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, status TEXT NOT NULL,
    amount INTEGER NOT NULL, placed_at TEXT NOT NULL, customer_id INTEGER NOT NULL REFERENCES customers (id)`;
  const insert = (table: string, rows: readonly object[]) => {
    const names = Object.keys(rows[0] ?? {});
    const statement = database.prepare(
      `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    );
    for (const row of rows) statement.run(...Object.values(row));
  };
  database.exec(`CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, email TEXT NOT NULL,
    country TEXT NOT NULL)`);
  database.exec(`CREATE TABLE lines (id INTEGER PRIMARY KEY AUTOINCREMENT, product TEXT NOT NULL, quantity INTEGER NOT NULL,
    order_id INTEGER NOT NULL REFERENCES orders (id))`);
  database.exec("CREATE INDEX lines_order_id ON lines (order_id)");
  const kinds = ["created", "updated", "bulk"] as const;
  const written = CONNECTIONS.flatMap((count) => kinds.map((kind) => writeTable(kind, count)));
  for (const table of ["orders", ...written]) {
    database.exec(`CREATE TABLE ${table} (${orderColumns})`);
    for (const column of ["status", "placed_at", "customer_id"]) {
      database.exec(`CREATE INDEX ${table}_${column} ON ${table} (${column})`);
    }
  }
  database.exec("BEGIN");
  insert("customers", customers);
  insert("orders", orders.map(rowOf));
  insert(
    "lines",
    lines.map(({ order, ...line }) => ({ ...line, order_id: order })),
  );
  for (const count of CONNECTIONS)
    insert(writeTable("updated", count), orders.slice(0, UPDATED_RECORDS).map(rowOf));
  database.exec("COMMIT");
  database.close();
}
