import { endProcess, runServer } from "../tools/runtime/lifecycle.ts";
import { measureRound, type Round } from "./support/measure.ts";
import { type Measured, writeReport } from "./support/report.ts";
import { type Bench, startBench } from "./support/targets.ts";

/*
 * `npm run bench:read`: GET by id against the hand-written Worker, in alternating rounds. Environment: ROUNDS (5),
 * SECONDS (4, of one round), KV_EVERY_TIME=true (the hand-written Worker reads KV for every request).
 */
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 4);
const WARM_UP_SECONDS = 2;
const CONNECTIONS = [32, 1];
const PATHS = Array.from({ length: 1000 }, (_, i) => `/api/v1/demo/air/Flight/${i + 1}`);

await runServer(async () => {
  const bench = await startBench();
  const results: Measured[] = [];
  for (const connections of CONNECTIONS) results.push(await measureConnections(bench, connections));
  console.log(writeReport("read-by-id", "GET by id", results));
  await endProcess(0);
});

async function measureConnections({ targets, key }: Bench, connections: number): Promise<Measured> {
  const rounds: Record<string, Round[]> = {};
  const load = { key, paths: PATHS, connections };
  for (const { baseUrl } of targets) await measureRound({ ...load, baseUrl, seconds: WARM_UP_SECONDS });
  for (let i = 0; i < ROUNDS; i++) {
    for (const { name, baseUrl } of targets) {
      const round = await measureRound({ ...load, baseUrl, seconds: SECONDS });
      rounds[name] = [...(rounds[name] ?? []), round];
      console.log(
        `${connections} connections, round ${i + 1}, ${name}: ${Math.round(round.requestsPerSecond)} requests/s`,
      );
    }
  }
  return { connections, rounds };
}
