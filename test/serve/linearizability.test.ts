import { afterAll, beforeAll, expect, it } from "vitest";
import { changes, isSlow } from "../../tools/checks/linearizability/changes.ts";
import { startTwoWorkers, type TwoWorkers } from "../../tools/checks/linearizability/two-workers.ts";

/* A short run of `npm run linearizability`. */
const ROUNDS = 10;
const SLOW_ROUNDS = 2;

let workers: TwoWorkers;
beforeAll(async () => {
  workers = await startTwoWorkers();
});
afterAll(() => workers.stop());

it.each(Object.entries(changes))(
  "no request that starts after a change contradicts it: %s",
  {
    timeout: 120_000,
  },
  async (name, work) => {
    const rounds = isSlow(name) ? SLOW_ROUNDS : ROUNDS;
    const { changes: made, judged, wrong } = await work(workers, rounds);
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(made).toBeGreaterThanOrEqual(rounds);
    expect(judged).toBeGreaterThan(32 * made);
  },
);
