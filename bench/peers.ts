import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { median } from "./support/median.ts";
import { bkndOnNode, bkndOnWorkerd } from "./support/peers/bknd.ts";
import { directus } from "./support/peers/directus.ts";
import {
  type MeasuredOperation,
  measureOperation,
  type RunningTarget,
} from "./support/peers/measure-targets.ts";
import { OPERATIONS, type OperationName, sendRequest } from "./support/peers/operations.ts";
import { countRoundTrips, startBaseline, startBenchDatabase, startOurs } from "./support/peers/ours.ts";
import { type FailedTarget, type RoundTrips, writePeersReport } from "./support/peers/peers-report.ts";
import { childProcesses } from "./support/peers/process-tree.ts";
import { requireWrk } from "./support/peers/run-wrk.ts";
import { CONNECTIONS, OPERATIONS_WANTED, PEERS } from "./support/peers/settings.ts";
import { soul } from "./support/peers/soul.ts";
import type { Target, TargetStarter } from "./support/peers/target.ts";

/*
 * `npm run bench`: our `serve` against the hand-written Worker and against peers, each with the same data, the same
 * operations and the same load generator, in alternating rounds. bench/README.md says what can be varied.
 */
const COUNTED_REQUESTS = 5;
const PEER_STARTERS: Readonly<Record<string, (directory: string) => TargetStarter>> = {
  bknd: bkndOnNode,
  "bknd-d1": bkndOnWorkerd,
  soul,
  directus,
};

await runServer(async () => {
  const wrk = await requireWrk();
  const directory = mkdtempSync(join(tmpdir(), "schemastack-bench-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const { database, own } = await startOwn(directory);
  const { peers, failed } = await startPeers(directory);
  const measured: MeasuredOperation[] = [];
  for (const operation of wantedOperations()) {
    for (const connections of CONNECTIONS) {
      const load = { operation, connections, directory };
      measured.push(await measureOperation([...own, ...peers], load));
    }
  }
  await database.stop();
  await startBenchDatabase(directory, { hasStats: true });
  const roundTrips = await measureRoundTrips(own.map(({ target }) => target));
  const targets = [...own, ...peers].map(({ target }) => target);
  console.log(writePeersReport({ targets, failed, measured, roundTrips, wrk }));
  await endProcess(0);
});

function wantedOperations(): readonly OperationName[] {
  return OPERATIONS.filter((name) => OPERATIONS_WANTED?.some((part) => name.includes(part)) ?? true);
}

async function startOwn(directory: string) {
  const withDatabase = await withProcesses(() => startBenchDatabase(directory, { hasStats: false }));
  const database = withDatabase.started;
  const withOurs = await withProcesses(() => startOurs(directory));
  const key = withOurs.started.headers.authorization?.slice("Bearer ".length) ?? "";
  const withBaseline = await withProcesses(() => startBaseline(directory, key));
  const shared = withDatabase.processes;
  const ours: RunningTarget = { target: withOurs.started, processes: [...withOurs.processes, ...shared] };
  const limits: readonly RunningTarget[] = withBaseline.started.map((target) => {
    return { target, processes: [...withBaseline.processes, ...shared] };
  });
  return { database, own: [ours, ...limits] };
}

/** A peer that does not install or start is reported, and the others go on. */
async function startPeers(directory: string) {
  const peers: RunningTarget[] = [];
  const failed: FailedTarget[] = [];
  for (const [name, starterIn] of Object.entries(PEER_STARTERS)) {
    if (PEERS && !PEERS.includes(name)) continue;
    const starter = starterIn(directory);
    try {
      console.log(`Starting ${starter.name} …`);
      const { started, processes } = await withProcesses(() => starter.start());
      peers.push({ target: started, processes });
    } catch (error) {
      const reason = (error as Error).message;
      console.error(`${starter.name} is left out: ${reason}`);
      failed.push({ name: starter.name, reason });
    }
  }
  return { peers, failed };
}

/** What was started, and the processes that were started for it. */
async function withProcesses<T>(
  start: () => Promise<T>,
): Promise<{ started: T; processes: readonly number[] }> {
  const before = childProcesses();
  const started = await start();
  return { started, processes: [...childProcesses()].filter((id) => !before.has(id)) };
}

/**
 * Requests to the database for one request of each operation, the median of five after one that has warmed every cache:
 * now and then the use of the key is written down after an answer, which is nothing that the request waits for.
 */
async function measureRoundTrips(targets: readonly Target[]): Promise<readonly RoundTrips[]> {
  const all: RoundTrips[] = [];
  for (const target of targets) {
    for (const operation of wantedOperations()) {
      const [request] = target.operation(operation, CONNECTIONS[0] ?? 1)?.requests ?? [];
      if (!request) continue;
      const send = async () => (await sendRequest(target, request)).arrayBuffer();
      await send();
      const counts: number[] = [];
      for (let i = 0; i < COUNTED_REQUESTS; i += 1) {
        const before = await countRoundTrips();
        await send();
        counts.push((await countRoundTrips()) - before);
      }
      all.push({ target: target.name, operation, count: median(counts) });
    }
  }
  return all;
}
