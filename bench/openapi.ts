import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { cpuMillisOf, findWorkerd } from "./support/cpu-time.ts";
import { type DocumentRound, writeOpenapiReport } from "./support/openapi-report.ts";
import { readNumber } from "./support/publish-results.ts";
import { ADMIN_TOKEN, startStack } from "./support/stack.ts";

/*
 * `npm run bench:openapi`: the OpenAPI document of a workspace with many entities of many columns, in CPU time of the
 * workerd process: the first after a schema change, those that follow, 304s; and lists before and after it. Linux only.
 * Environment: ROUNDS (7), ENTITIES (200), COLUMNS (50).
 */
const ROUNDS = readNumber("ROUNDS", 7);
const ENTITIES = readNumber("ENTITIES", 200);
const COLUMNS = readNumber("COLUMNS", 50);
const CACHED = 50;
const LISTS = 200;
const PATH = "/api/v1/bench/wide";
const ADMIN_PATH = "/admin/v1/organizations/bench/workspaces/wide";

const TYPES = [
  { type: "VARCHAR", length: 80, constraints: [{ type: "MIN_LENGTH", value: 2 }] },
  { type: "INTEGER", constraints: [{ type: "MIN", value: 0 }] },
  { type: "DECIMAL", precision: 12, scale: 2 },
  { type: "ENUM", values: ["NEW", "OPEN", "DONE"] },
  { type: "DATETIME" },
  { type: "BOOLEAN", nullable: false },
  { type: "TEXT" },
  { type: "UUID" },
];

await runServer(async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-openapi-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const { baseUrl } = await startStack(directory, { LOG_REQUESTS: "false" });
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  await admin.require("POST", "/admin/v1/organizations", { slug: "bench", name: "Bench" });
  await admin.require("POST", "/admin/v1/organizations/bench/workspaces", { slug: "wide", name: "Wide" });
  for (let i = 0; i < ENTITIES; i++) await admin.require("POST", `${ADMIN_PATH}/entities`, entityOf(i));
  const asked = { name: "bench", permission: "READ_ONLY" };
  const { key } = (await admin.require("POST", `${ADMIN_PATH}/api-keys`, asked)) as { key: string };
  const workerd = findWorkerd();
  const rounds: DocumentRound[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const label = { constraints: [{ type: "MAX_LENGTH", value: 40 + i }] };
    await admin.require("PATCH", `${ADMIN_PATH}/entities/Entity0/columns/field0`, label);
    const round = await measure(baseUrl, { key, workerd });
    console.log(`round ${i + 1}: ${JSON.stringify(round)}`);
    rounds.push(round);
  }
  console.log(writeOpenapiReport(rounds, { entities: ENTITIES, columns: COLUMNS }));
  await endProcess(0);
});

/** Every tenth column of another type; two entities in three refer to another. */
function entityOf(index: number): object {
  const columns = Array.from({ length: COLUMNS }, (_, i) => ({
    name: `field${i}`,
    nullable: true,
    ...TYPES[i % TYPES.length],
  }));
  const target = index % 3 === 0 ? undefined : Math.floor(index / 2);
  const reference = {
    name: "parentId",
    type: "INTEGER",
    references: { entity: `Entity${target}`, relationship: "parent", inverse: `children${index}` },
  };
  return {
    name: `Entity${index}`,
    columns: target === undefined ? columns : [...columns.slice(1), reference],
  };
}

interface Subject {
  readonly key: string;
  readonly workerd: number;
}

async function measure(baseUrl: string, { key, workerd }: Subject): Promise<DocumentRound> {
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`${baseUrl}${PATH}${path}`, {
      headers: { Authorization: `Bearer ${key}`, ...headers },
    });
    const { byteLength } = await response.arrayBuffer();
    return { status: response.status, tag: response.headers.get("ETag") ?? "", byteLength };
  };
  const cpuOf = async (times: number, work: () => Promise<{ status: number }>, status = 200) => {
    const before = cpuMillisOf(workerd);
    for (let i = 0; i < times; i++) {
      const answer = await work();
      if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}`);
    }
    return (cpuMillisOf(workerd) - before) / times;
  };
  const list = () => get("/Entity1?size=1");
  const firstListMs = await cpuOf(1, list);
  const listBeforeMs = await cpuOf(LISTS, list);
  const start = performance.now();
  let [bytes, tag] = [0, ""];
  const firstMs = await cpuOf(1, async () => {
    const answer = await get("/openapi.json");
    [bytes, tag] = [answer.byteLength, answer.tag];
    return answer;
  });
  const firstElapsedMs = performance.now() - start;
  const cachedMs = await cpuOf(CACHED, () => get("/openapi.json"));
  const notModifiedMs = await cpuOf(CACHED, () => get("/openapi.json", { "If-None-Match": tag }), 304);
  const listAfterMs = await cpuOf(LISTS, list);
  return { bytes, firstListMs, listBeforeMs, firstMs, firstElapsedMs, cachedMs, notModifiedMs, listAfterMs };
}
