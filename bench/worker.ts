import {
  countRoundTrips,
  keyOf,
  startBaseline,
  startBenchDatabase,
  startWorker,
} from "./support/peers/ours.ts";
import { runPeers } from "./support/peers/run-peers.ts";

/*
 * `npm run bench:worker`: the Worker in workerd against a Worker written by hand, in the same workerd, over the same database
 * and KV, in alternating rounds. bench/README.md says what can be varied.
 */
await runPeers({
  file: "worker",
  title: "The Worker in workerd against one written by hand",
  async startOwn(directory, start) {
    const database = await start(() => startBenchDatabase(directory));
    const worker = await start(() => startWorker(directory));
    const key = keyOf(worker.target);
    const { target: limits, processes } = await start(() => startBaseline(directory, key));
    const shared = database.processes;
    return [
      { ...worker, processes: [...worker.processes, ...shared] },
      ...limits.map((target) => ({ target, processes: [...processes, ...shared] })),
    ];
  },
  ...(countRoundTrips && { countRoundTrips }),
});
