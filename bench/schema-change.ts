import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { describeMachine } from "./support/describe-machine.ts";
import { executeSql, withNumbers } from "./support/execute-sql.ts";
import { median } from "./support/median.ts";
import { publishResults, readNumber } from "./support/publish-results.ts";
import { ADMIN_TOKEN, type Stack, startStack } from "./support/stack.ts";

/*
 * `npm run bench:schema`: schema changes of an entity with many records through the admin API, against a plain
 * `INSERT INTO … SELECT` of the same table in the same database, alternating; medians. Environment: RECORDS, ROUNDS.
 */
const RECORDS = readNumber("RECORDS", 1_000_000);
const ROUNDS = readNumber("ROUNDS", 3);
const WORKSPACE = "/admin/v1/organizations/bench/workspaces/schema";

await runServer(async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-schema-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  report(await measureAll(await startStack(directory)));
  await endProcess(0);
});

async function measureAll({
  database,
  baseUrl,
}: Stack): Promise<Readonly<Record<string, readonly number[]>>> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  const execute = (sql: string) => executeSql(database, sql);
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
    ${withNumbers(1, RECORDS)}
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

function report(times: Readonly<Record<string, readonly number[]>>): void {
  const medians = Object.entries(times).map(([name, list]) => ({ name, milliseconds: median(list) }));
  const measure = medians[0]?.milliseconds ?? 1;
  const lines = medians.map(({ name, milliseconds }) => {
    return `| ${name} | ${Math.round(milliseconds)} | ${(milliseconds / measure).toFixed(2)} |`;
  });
  const text = [
    `# Schema changes of an entity with ${RECORDS} records`,
    "",
    `${describeMachine()}, ${new Date().toISOString().slice(0, 10)}; ${ROUNDS} rounds, alternating; medians. Goal of a change that rewrites every record: at most 3.`,
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
