import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, onEnd, runServer } from "../../../tools/runtime/lifecycle.ts";
import { median } from "../median.ts";
import { type MeasuredOperation, measureOperation, type RunningTarget } from "./measure-targets.ts";
import { isWrite, OPERATIONS, type OperationName, sendRequest } from "./operations.ts";
import { type FailedTarget, type RoundTrips, writePeersReport } from "./peers-report.ts";
import { childProcesses } from "./process-tree.ts";
import { requireWrk } from "./run-wrk.ts";
import { CONNECTIONS, MAX_WRITERS, OPERATIONS_WANTED, PEERS } from "./settings.ts";
import type { Target, TargetStarter } from "./target.ts";

const COUNTED_REQUESTS = 5;

interface Started<T> {
  readonly target: T;
  /** The processes that were started for it. */
  readonly processes: readonly number[];
}

type Start = <T>(start: () => Promise<T>) => Promise<Started<T>>;

export interface PeersBench {
  readonly file: string;
  readonly title: string;
  /** Starts ours, then the hand-written one, then the rest of ours. */
  startOwn(directory: string, start: Start): Promise<readonly RunningTarget[]>;
  readonly peers?: Readonly<Record<string, (directory: string) => TargetStarter>>;
  /** The number of database requests; undefined if the database is inside the process. */
  countRoundTrips?(): Promise<number>;
}

/** Measures targets in alternating rounds, and publishes the report. */
export async function runPeers(bench: PeersBench): Promise<void> {
  await runServer(async () => {
    const wrk = await requireWrk();
    const directory = mkdtempSync(join(tmpdir(), "schemastack-bench-"));
    onEnd(() => rmSync(directory, { recursive: true, force: true }));
    const own = await bench.startOwn(directory, withProcesses);
    const { peers, failed } = await startPeers(directory, bench.peers ?? {});
    const measured: MeasuredOperation[] = [];
    for (const operation of wantedOperations()) {
      for (const connections of CONNECTIONS) {
        if (isWrite(operation) && connections > MAX_WRITERS) {
          console.log(
            `${operation}, ${connections} connections: left out, because it can block a libSQL server.`,
          );
          continue;
        }
        measured.push(await measureOperation([...own, ...peers], { operation, connections, directory }));
      }
    }
    const roundTrips = bench.countRoundTrips
      ? await measureRoundTrips(
          own.map(({ target }) => target),
          bench.countRoundTrips,
        )
      : [];
    const targets = [...own, ...peers].map(({ target }) => target);
    const { file, title } = bench;
    console.log(writePeersReport({ file, title, targets, failed, measured, roundTrips, wrk }));
    await endProcess(0);
  });
}

export function wantedOperations(): readonly OperationName[] {
  return OPERATIONS.filter((name) => OPERATIONS_WANTED?.some((part) => name.includes(part)) ?? true);
}

/** A peer that does not install or start is reported, and the others continue. */
async function startPeers(directory: string, starters: NonNullable<PeersBench["peers"]>) {
  const peers: RunningTarget[] = [];
  const failed: FailedTarget[] = [];
  for (const [name, starterIn] of Object.entries(starters)) {
    if (PEERS && !PEERS.includes(name)) continue;
    const starter = starterIn(directory);
    try {
      console.log(`Starting ${starter.name} …`);
      peers.push(await withProcesses(() => starter.start()));
    } catch (error) {
      const reason = (error as Error).message;
      console.error(`${starter.name} is left out: ${reason}`);
      failed.push({ name: starter.name, reason });
    }
  }
  return { peers, failed };
}

async function withProcesses<T>(start: () => Promise<T>): Promise<Started<T>> {
  const before = childProcesses();
  const target = await start();
  return { target, processes: [...childProcesses()].filter((id) => !before.has(id)) };
}

/**
 * Counts the database requests of each operation: the median of five, after one that has warmed every cache. Sometimes
 * the use of the key is written after a response, which the request does not wait for.
 */
async function measureRoundTrips(
  targets: readonly Target[],
  countRoundTrips: () => Promise<number>,
): Promise<readonly RoundTrips[]> {
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
