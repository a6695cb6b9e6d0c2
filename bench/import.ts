import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { createApiClient as createCliClient } from "../tools/cli/api/send-request.ts";
import { BOOLEAN_WORDS } from "../tools/cli/import/convert-cell.ts";
import { cutBatches } from "../tools/cli/import/cut-batches.ts";
import { describeEntity } from "../tools/cli/import/describe-entity.ts";
import { openJournal } from "../tools/cli/import/import-journal.ts";
import { openRows, type RowsOptions } from "../tools/cli/import/read/open-rows.ts";
import { surveyFile } from "../tools/cli/import/read/survey-file.ts";
import { runImport } from "../tools/cli/import/run-import.ts";
import { SendingPool } from "../tools/cli/import/sending-pool.ts";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { type ImportRound, writeImportReport } from "./support/import-report.ts";
import { readNumber } from "./support/publish-results.ts";
import { ADMIN_TOKEN, startStack } from "./support/stack.ts";

/*
 * `npm run bench:import`: a CSV file through the command line's import, against the same rows straight into the same
 * database; then rows with a reference by natural key, against the same rows with ids. Rounds alternate. Environment: ROWS
 * (100,000), ROUNDS (3), CONCURRENCY (4).
 */
const ROWS = readNumber("ROWS", 100_000);
const ROUNDS = readNumber("ROUNDS", 3);
const CONCURRENCY = readNumber("CONCURRENCY", 4);
const WARM_UP_ROWS = 2_000;
const AUTHORS = 1_000;
const BATCH = 100;
const WORKSPACES = "/admin/v1/organizations/bench/workspaces";

const COLUMNS = [
  { name: "code", type: "VARCHAR", length: 40, nullable: false, unique: true },
  { name: "name", type: "VARCHAR", nullable: false },
  { name: "quantity", type: "INTEGER", constraints: [{ type: "POSITIVE_OR_ZERO" }] },
  { name: "price", type: "DECIMAL", precision: 12, scale: 2 },
  { name: "isActive", type: "BOOLEAN", nullable: false, default: true },
  { name: "happenedAt", type: "DATETIME", nullable: false, indexed: true },
];

const REFERENCE = { name: "authorId", references: { entity: "Author", inverse: null } };

/** The natural key of an author. */
function codeOf(author: number): string {
  return `author-${author}@example.com`;
}

type Row = readonly [string, string, number, number, boolean, string];

function rowOf(i: number): Row {
  const happenedAt = new Date(Date.UTC(2020, 0, 1) + i * 61_000).toISOString();
  return [`code-${i}`, `Thing number ${i}`, i % 1000, (i % 100_000) / 100, i % 3 > 0, happenedAt];
}

await runServer(async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-import-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const stack = await startStack(directory);
  const client = createClient({ url: stack.database.url, authToken: stack.database.authToken });
  const bench = { directory, client, ...stack, ...(await makeWorkspace(stack.baseUrl)) };
  await makeAuthors(bench);
  await measure(bench, { round: 0, rows: WARM_UP_ROWS });
  const rounds: ImportRound[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const measured = await measure(bench, { round, rows: ROWS });
    console.log(`round ${round}, rows/s: ${JSON.stringify(measured)}`);
    rounds.push(measured);
  }
  console.log(writeImportReport(rounds, { rows: ROWS, concurrency: CONCURRENCY }));
  await endProcess(0);
});

async function makeWorkspace(baseUrl: string) {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  await admin.require("POST", "/admin/v1/organizations", { slug: "bench", name: "Bench" });
  await admin.require("POST", WORKSPACES, { slug: "import", name: "Import" });
  const made = await admin.require("POST", `${WORKSPACES}/import/api-keys`, {
    name: "bench",
    permission: "READ_WRITE",
  });
  return { admin, key: (made as { key: string }).key };
}

type Bench = {
  readonly directory: string;
  readonly client: Client;
  readonly baseUrl: string;
  readonly key: string;
  readonly admin: ReturnType<typeof createApiClient>;
};

async function makeAuthors({ admin, client }: Bench): Promise<void> {
  const columns = [{ name: "code", type: "VARCHAR", nullable: false, unique: true }];
  await admin.require("POST", `${WORKSPACES}/import/entities`, {
    name: "Author",
    tableName: "authors",
    columns,
  });
  const statements = Array.from({ length: AUTHORS }, (_, i) => ({
    sql: "INSERT INTO w1_authors (id, code) VALUES (?, ?)",
    args: [i + 1, codeOf(i + 1)],
  }));
  await client.batch(statements, "write");
}

/** Rows a second of each way, into tables of the same definition that are empty before. */
async function measure(bench: Bench, { round, rows }: { round: number; rows: number }): Promise<ImportRound> {
  const all = Array.from({ length: rows }, (_, i) => rowOf(i));
  const author = (i: number) => 1 + ((i * 7919) % AUTHORS);
  const plain = writeCsv(bench, `plain${round}`, { columns: COLUMNS, rows: all });
  const referring = { columns: [...COLUMNS, REFERENCE] };
  const withIds = { ...referring, rows: all.map((row, i) => [...row, author(i)]) };
  const withKeys = { ...referring, rows: all.map((row, i) => [...row, codeOf(author(i))]) };
  const ids = writeCsv(bench, `ids${round}`, withIds);
  const keys = writeCsv(bench, `keys${round}`, withKeys);
  const time = async (kind: string, columns: readonly object[], fill: (name: string) => Promise<void>) => {
    const name = `${kind}${round}`;
    const definition = { name, tableName: name.toLowerCase(), columns };
    await bench.admin.require("POST", `${WORKSPACES}/import/entities`, definition);
    const speed = await rowsPerSecond(rows, () => fill(name));
    const { rows: found } = await bench.client.execute(`SELECT count(*) AS n FROM w1_${name.toLowerCase()}`);
    if (Number(found[0]?.n) !== rows) throw new Error(`${name} has ${found[0]?.n} rows`);
    return speed;
  };
  const map = ["authorId=authorId.code"];
  return {
    imported: await time("Imported", COLUMNS, (name) => importFile(bench, { file: plain, name })),
    direct: await time("Direct", COLUMNS, (name) => insertDirectly(bench, all, name)),
    withIds: await time("Ids", referring.columns, (name) => importFile(bench, { file: ids, name })),
    withKeys: await time("Keys", referring.columns, (name) => importFile(bench, { file: keys, name, map })),
  };
}

interface Table {
  readonly columns: readonly { readonly name: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

function writeCsv({ directory }: Bench, name: string, { columns, rows }: Table): string {
  const file = join(directory, `${name}.csv`);
  const header = columns.map((column) => column.name).join(",");
  writeFileSync(file, `${header}\n${rows.map((row) => row.join(",")).join("\n")}\n`);
  return file;
}

async function rowsPerSecond(rows: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round((rows * 1000) / (performance.now() - start));
}

interface ImportedFile {
  readonly file: string;
  /** The entity. */
  readonly name: string;
  readonly map?: readonly string[];
}

/** What the command does, without its process. */
async function importFile({ baseUrl, key }: Bench, { file, name, map = [] }: ImportedFile): Promise<void> {
  const client = createCliClient({ url: baseUrl, bearer: key, retries: 0 });
  const path = "/api/v1/bench/import";
  const { entity, entities } = await describeEntity({ client, path }, name);
  const reading: RowsOptions = {
    file,
    format: undefined,
    map,
    ignoreUnknown: false,
    keepTimestamps: false,
    columnNames: new Map(),
    entities,
    delimiter: undefined,
    encoding: undefined,
    booleans: BOOLEAN_WORDS,
    unescapeFormulas: false,
    fromErrors: false,
    onNote: () => {},
    onChunk: () => {},
  };
  const journal = await openJournal({
    file: `${file}.${name}.import`,
    target: path,
    fingerprint: await surveyFile(entity, reading),
    again: false,
    isRepeatable: false,
  });
  await runImport({
    batches: cutBatches(openRows(entity, reading).rows),
    target: { client, method: "POST", path: `${path}/${name}/bulk` },
    journal,
    concurrency: CONCURRENCY,
    stored: undefined,
    countStored: async () => undefined,
    onRefused: ({ error }) => {
      throw new Error(error.message);
    },
    onDone: () => {},
  });
}

/** Works like a program without an API: batches of 100 prepared INSERTs, as many at once as the import has. */
async function insertDirectly({ client }: Bench, rows: readonly Row[], name: string): Promise<void> {
  const sql = `INSERT INTO w1_${name.toLowerCase()} (code, name, quantity, price, is_active, happened_at) VALUES (?, ?, ?, ?, ?, ?)`;
  const pool = new SendingPool(CONCURRENCY);
  for (let start = 0; start < rows.length; start += BATCH) {
    const statements = rows
      .slice(start, start + BATCH)
      .map(([code, title, quantity, price, isActive, at]) => {
        return { sql, args: [code, title, quantity, Math.round(price * 100), isActive ? 1 : 0, at] };
      });
    await pool.run(new Set(), async () => {
      await client.batch(statements, "write");
    });
  }
  await pool.end();
}
