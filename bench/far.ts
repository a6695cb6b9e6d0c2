import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { executeSql } from "./support/execute-sql.ts";
import { startDelayingProxy } from "./support/far/delaying-proxy.ts";
import { writeFarReport } from "./support/far/far-report.ts";
import { type FarOperation, type FarTarget, measureFar } from "./support/far/measure-far.ts";
import { bkndOnLibsql } from "./support/peers/bknd.ts";
import { startOwnDatabase, startServedOn, startWorker } from "./support/peers/ours.ts";
import type { FailedTarget } from "./support/peers/peers-report.ts";
import { wantedOperations } from "./support/peers/run-peers.ts";
import { PEERS } from "./support/peers/settings.ts";

/*
 * `npm run bench:far`: the Worker in workerd, `npm run serve`, and bknd with its libSQL driver, each with a libSQL server
 * that is 20 ms away. This is what a deployment at the edge pays. Goal: a p50 of at most 1.15 round trips.
 */
await runServer(async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-far-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const { ours, roundTrip } = await startOurs(directory);
  const { peers, failed } = await startPeer(directory);
  const targets = [...ours, ...peers];
  const measured: FarOperation[] = [];
  for (const operation of wantedOperations()) {
    console.log(`Measuring ${operation} …`);
    measured.push(await measureFar(operation, roundTrip, targets));
  }
  console.log(
    writeFarReport({
      ours: ours.map(({ target }) => target),
      peers: peers.map(({ target }) => target),
      failed,
      measured,
    }),
  );
  await endProcess(0);
});

/** A database and, behind one proxy, the Worker and `serve`. They are filled without a delay. */
async function startOurs(directory: string) {
  const { proxy, database } = await startBehindProxy(directory, "ours");
  const worker = await startWorker(directory, database);
  const served = await startServedOn(directory, database);
  const ours: readonly FarTarget[] = [worker, served].map((target) => ({ target, proxy }));
  const send = () => executeSql(database, "SELECT 1");
  return { ours, roundTrip: { name: "the round trip itself", proxy, send } };
}

/** bknd on a database of its own. If it does not start, it is reported. */
async function startPeer(directory: string) {
  const peers: FarTarget[] = [];
  const failed: FailedTarget[] = [];
  if (PEERS && !PEERS.includes("bknd")) return { peers, failed };
  const { proxy, database } = await startBehindProxy(directory, "bknd");
  const { name, start } = bkndOnLibsql(directory, database);
  try {
    peers.push({ target: await start(), proxy });
  } catch (error) {
    failed.push({ name, reason: (error as Error).message });
  }
  return { peers, failed };
}

async function startBehindProxy(directory: string, name: string) {
  const { url, authToken } = await startOwnDatabase(directory, `database-of-${name}`);
  const proxy = await startDelayingProxy(url);
  onEnd(proxy.stop);
  return { proxy, database: { url: proxy.url, authToken } };
}
