import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openHttpDatabase } from "../src/libsql/open-http-database.ts";
import { startSqld } from "../tools/checks/libsql/start-sqld.ts";
import { migrateDatabase } from "../tools/migrate.ts";
import { endProcess, onEnd, runServer, waitUntilHealthy } from "../tools/runtime/lifecycle.ts";
import { describeMachine } from "./support/describe-machine.ts";
import { freePort } from "./support/free-port.ts";
import {
  ALONE,
  HAND_WRITTEN,
  KEPT,
  type LibsqlMeasure,
  NO_STREAMS,
  writeLibsqlReport,
} from "./support/libsql/libsql-report.ts";
import { ENTITIES, loadWorkspace, operations } from "./support/libsql/orders.ts";
import { addEntities, changeSchema, countObjects } from "./support/libsql/schema-objects.ts";
import { median } from "./support/median.ts";
import { requireWrk, runWrk, type WrkRound, writeScript } from "./support/peers/run-wrk.ts";
import { chooseSetting, readNumber } from "./support/publish-results.ts";
import { startWorkerd } from "./support/workerd/workerd.ts";

/*
 * `npm run bench:libsql -- --sqld PATH [--quick]`: operations on a real libSQL server, with streams that are kept, without,
 * and of the hand-written Worker, which opens a stream for each request as the official clients do; reads with 800 and
 * 3,000 other entities in the database, in turn with a server without them; and reads beside a schema change every second.
 * Takes about 20 minutes.
 * `--quick` tries it all in one, and publishes nothing. Environment: ROUNDS (3), WARM_UP (2) and SECONDS (3).
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ADMIN_TOKEN = "bench-admin-token-of-the-benchmarks";
const CONNECTIONS = [1, 32];
const READ = "get by id";
/** Over one connection only, because many writers at once can block `sqld` for good (src/libsql/README.md). */
const WRITE = "create";
const CHANGE_EVERY_MS = 1_000;
/** A server that was left with slow requests is quiet again when it opens a stream in less than this many times the usual. */
const QUIET_FACTOR = 1.5;
const MAX_TRIES = 50;

const { values: flags } = parseArgs({
  options: { sqld: { type: "string" }, quick: { type: "boolean", default: false } },
});
const isQuick = chooseSetting("--quick", String(flags.quick), "false") === "true";
const ROUNDS = isQuick ? 1 : readNumber("ROUNDS", 3);
const WARM_UP = isQuick ? 1 : readNumber("WARM_UP", 2);
/** For targets that keep streams: opening 32 of them among 3,000 other entities takes some seconds. */
const WARM_UP_AMONG_OTHERS = 4 * WARM_UP;
const SECONDS = isQuick ? 1 : readNumber("SECONDS", 3);
const OTHER_ENTITIES = isQuick ? [0, 50, 100] : [0, 800, 3_000];
let scripts = 0;

interface Target {
  readonly name: string;
  readonly baseUrl: string;
  readonly key: string;
}

interface Setup {
  readonly name: string;
  readonly main: string;
  readonly streams: string;
}

const KEEPING: Setup = { name: KEPT, main: "src/index.ts", streams: "32" };
const SETUPS: readonly Setup[] = [
  KEEPING,
  { name: "kept streams (2)", main: "src/index.ts", streams: "2" },
  { name: NO_STREAMS, main: "src/index.ts", streams: "0" },
  { name: HAND_WRITTEN, main: "bench/baseline/worker.js", streams: "0" },
];

interface Stage {
  readonly url: string;
  readonly targets: readonly Target[];
  readonly others: number;
}

await runServer(async () => {
  if (!flags.sqld) throw new Error("Usage: npm run bench:libsql -- --sqld PATH [--quick]");
  await requireWrk();
  const directory = mkdtempSync(join(tmpdir(), "bench-libsql-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const { url, targets, objectsPerEntity } = await startTargets(flags.sqld, SETUPS, directory);
  const alone = await startTargets(flags.sqld, [{ ...KEEPING, name: ALONE }], directory);

  const measures: LibsqlMeasure[] = [];
  let others = 0;
  for (const wanted of OTHER_ENTITIES) {
    await addEntities(url, others, wanted);
    others = wanted;
    const measured = others === 0 ? Object.keys(operations(0)) : [READ];
    const all = others === 0 ? targets : [...alone.targets, ...targets];
    for (const operation of measured) {
      for (const connections of operation === WRITE ? [1] : CONNECTIONS)
        measures.push(...(await measure({ url, targets: all, others }, operation, connections)));
    }
    if (others === OTHER_ENTITIES[1]) measures.push(...(await measureBeside({ url, targets, others })));
  }
  const machine = describeMachine();
  console.log(writeLibsqlReport(measures, { machine, objectsPerEntity, rounds: ROUNDS, seconds: SECONDS }));
  await endProcess(0);
});

/** A libSQL server with the measured workspace, and a Worker on it for each setup. */
async function startTargets(sqld: string, setups: readonly Setup[], directory: string) {
  const { url, stop } = await startSqld(sqld);
  onEnd(stop);
  await migrateDatabase({ url });
  const objectsBefore = await countObjects(url);
  const baseUrls = await startWorkers(url, setups, directory);
  const key = await loadWorkspace(baseUrls[0] ?? "", ADMIN_TOKEN);
  const objectsPerEntity = ((await countObjects(url)) - objectsBefore) / ENTITIES;
  const targets = setups.map(({ name }, i): Target => ({ name, baseUrl: baseUrls[i] ?? "", key }));
  return { url, targets, objectsPerEntity };
}

async function startWorkers(url: string, setups: readonly Setup[], directory: string) {
  const baseUrls: string[] = [];
  for (const { main, streams } of setups) {
    const port = await freePort();
    const workerd = await startWorkerd({
      port,
      main: join(ROOT, main),
      buildDirectory: join(directory, String(port)),
      kvDirectory: join(directory, "kv", new URL(url).port),
      variables: { ADMIN_TOKEN, LOG_REQUESTS: "false", LIBSQL_URL: url, LIBSQL_STREAMS: streams },
      log: console.error,
    });
    onEnd(workerd.stop);
    const baseUrl = `http://127.0.0.1:${port}`;
    await waitUntilHealthy(baseUrl);
    baseUrls.push(baseUrl);
  }
  return baseUrls;
}

/**
 * Reads while the schema changes. Only of the target that keeps its streams: the others read the whole schema with each
 * request anyway, and leave no time for a change.
 */
async function measureBeside(stage: Stage): Promise<readonly LibsqlMeasure[]> {
  const targets = stage.targets.filter(({ name }) => name === KEPT);
  const stopChanging = changeSchema(stage.url, CHANGE_EVERY_MS);
  const measures = await measure({ ...stage, targets }, READ, 32);
  await stopChanging();
  return measures.map((each) => ({ ...each, operation: `${READ}, a schema change every second` }));
}

function isKeeping(target: string): boolean {
  return target !== NO_STREAMS && target !== HAND_WRITTEN;
}

/** All targets in turn, round by round; medians. */
async function measure(
  { url, targets, others }: Stage,
  operation: string,
  connections: number,
): Promise<readonly LibsqlMeasure[]> {
  const rounds = new Map(targets.map(({ name }) => [name, [] as WrkRound[]]));
  const directory = mkdtempSync(join(tmpdir(), "wrk-"));
  const script = join(directory, "load.lua");
  const usualMs = Math.max(1, await openStreamMs(url));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, baseUrl, key } of targets) {
      for (let i = 0; i < MAX_TRIES && (await openStreamMs(url)) > QUIET_FACTOR * usualMs; i++);
      const requests = operations(++scripts)[operation] ?? [];
      const headers = { authorization: `Bearer ${key}` };
      const quietAfter = isKeeping(name) && others > 0 ? WARM_UP_AMONG_OTHERS : WARM_UP;
      writeScript(script, { headers, quietAfter }, requests);
      await runWrk({ script, baseUrl, connections, seconds: quietAfter + 1 });
      writeScript(script, { headers }, requests);
      rounds.get(name)?.push(await runWrk({ script, baseUrl, connections, seconds: SECONDS }));
    }
  }
  rmSync(directory, { recursive: true });
  console.log(`${operation}, ${connections} connections, ${others} other entities`);
  return targets.map(({ name }) => {
    const all = rounds.get(name) ?? [];
    return {
      target: name,
      operation,
      connections,
      others,
      requestsPerSecond: median(all.map(({ requestsPerSecond }) => requestsPerSecond)),
      p50Ms: median(all.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
      failed: all.reduce((sum, { refused, broken }) => sum + refused + broken, 0),
    };
  });
}

/** Infinite if the server does not respond in time. */
async function openStreamMs(url: string): Promise<number> {
  const start = performance.now();
  const database = openHttpDatabase({ url, authToken: undefined, requestId: "bench" });
  return database.run({ sql: "SELECT 1", args: [] }).then(
    () => performance.now() - start,
    () => Number.POSITIVE_INFINITY,
  );
}
