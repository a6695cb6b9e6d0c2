import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { startLibsqlServer } from "../tools/libsql-server/start-libsql-server.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { median } from "./support/median.ts";
import { publishResults, readNumber } from "./support/publish-results.ts";

/*
 * `npm run bench:schema`: schema changes of an entity with many records through the admin API, against a plain
 * `INSERT INTO … SELECT` of the same table in the same database, alternating; medians. Environment: RECORDS, ROUNDS.
 */
const RECORDS = readNumber("RECORDS", 1_000_000);
const ROUNDS = readNumber("ROUNDS", 3);
const PORT = Number(process.env.PORT ?? 8792);
const ADMIN_TOKEN = "bench-admin-token";
const WORKSPACE = "/admin/v1/organizations/bench/workspaces/schema";

const directory = mkdtempSync(join(tmpdir(), "bench-schema-"));
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
try {
  await new Promise<void>((resolve, reject) => {
    server.stdout.on("data", (text) => String(text).includes("Ready on") && resolve());
    server.on("exit", () => reject(new Error("serve ended")));
  });
  report(await measureAll());
} finally {
  server.kill("SIGTERM");
  await database.close();
  rmSync(directory, { recursive: true, force: true });
}

async function measureAll(): Promise<Readonly<Record<string, readonly number[]>>> {
  const admin = createApiClient(`http://127.0.0.1:${PORT}`, ADMIN_TOKEN);
  await admin.require("POST", "/admin/v1/organizations", { slug: "bench", name: "Bench" });
  await admin.require("POST", "/admin/v1/organizations/bench/workspaces", { slug: "schema", name: "Schema" });
  const columns = [
    { name: "code", type: "VARCHAR", nullable: false, indexed: true },
    { name: "happenedAt", type: "DATETIME", nullable: false },
    { name: "quantity", type: "INTEGER" },
    { name: "note", type: "VARCHAR" },
  ];
  await admin.require("POST", `${WORKSPACE}/entities`, { name: "Event", columns });
  await execute(`INSERT INTO w1_events (code, happened_at, quantity, note)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${RECORDS})
    SELECT 'code ' || (i / 10), '2026-11-23T00:00:00.000Z', i, 'note ' || i FROM n`);
  console.log(`${RECORDS} records`);
  const copy =
    "CREATE TABLE copied (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL, happened_at TEXT NOT NULL, quantity INTEGER, note TEXT, _version INTEGER NOT NULL); CREATE INDEX copied_code ON copied (code)";
  const patch = (column: string, body: object) => () =>
    admin.require("PATCH", `${WORKSPACE}/entities/Event/columns/${column}`, body);
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    "INSERT INTO … SELECT": async () => {
      for (const sql of copy.split("; ")) await execute(sql);
      const { milliseconds } = await timed(() =>
        execute("INSERT INTO copied SELECT id, code, happened_at, quantity, note, _version FROM w1_events"),
      );
      await execute("DROP TABLE copied");
      return { milliseconds };
    },
    "type INTEGER → VARCHAR": patch("quantity", { type: "VARCHAR", length: 20 }),
    "type VARCHAR → INTEGER": patch("quantity", { type: "INTEGER" }),
    "type of an indexed column": patch("code", { type: "TEXT" }),
    "nullable → required": patch("note", { nullable: false }),
    "required → nullable": patch("note", { nullable: true }),
    "new index": patch("note", { indexed: true }),
    "index dropped": patch("note", { indexed: false }),
    "new rule, each record looked at": patch("note", { constraints: [{ type: "PATTERN", value: "^note" }] }),
    "rule dropped": patch("note", { constraints: [] }),
    "type back": patch("code", { type: "VARCHAR" }),
    "column with a default": () =>
      admin.require("POST", `${WORKSPACE}/entities/Event/columns`, {
        name: "added",
        type: "INTEGER",
        default: 7,
      }),
    "column renamed": patch("added", { name: "renamed" }),
    "column dropped": () =>
      admin.require("DELETE", `${WORKSPACE}/entities/Event/columns/renamed?confirm=renamed`),
  };
  const times: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, step] of Object.entries(steps)) {
      const outer = await timed(step);
      const own = (outer.result as { milliseconds?: number } | undefined)?.milliseconds;
      times[name] = [...(times[name] ?? []), own ?? outer.milliseconds];
    }
  }
  return times;
}

async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly milliseconds: number; readonly result: T }> {
  const start = performance.now();
  const result = await work();
  return { milliseconds: performance.now() - start, result };
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

function report(times: Readonly<Record<string, readonly number[]>>): void {
  const medians = Object.entries(times).map(([name, list]) => ({ name, milliseconds: median(list) }));
  const measure = medians[0]?.milliseconds ?? 1;
  const lines = medians.map(({ name, milliseconds }) => {
    return `| ${name} | ${Math.round(milliseconds)} | ${(milliseconds / measure).toFixed(2)} |`;
  });
  const text = [
    `# Schema changes of an entity with ${RECORDS} records`,
    "",
    `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}; ${ROUNDS} rounds, alternating; medians. Goal of a change that rewrites every record: at most 3.`,
    "",
    "| what | ms | ratio to the plain copy |",
    "|---|---:|---:|",
    ...lines,
    "",
  ].join("\n");
  publishResults({
    "schema-change.md": text,
    "schema-change.json": `${JSON.stringify({ records: RECORDS, medians }, null, 2)}\n`,
  });
  console.log(text);
}
