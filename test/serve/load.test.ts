import { afterAll, beforeAll, expect, it } from "vitest";
import { runLoad } from "../../tools/checks/load/run-load.ts";
import { type Served, serveWorker } from "../support/processes/served-workspace.ts";

/* A short run of `npm run load`, by requests: memory grows during the first thousands and then stays the same. */

const WARM = 12_000;
const REQUESTS = 30_000;
const TIMEOUT_MS = 300_000;

let served: Served;
beforeAll(async () => {
  served = await serveWorker({ LOG_REQUESTS: "false" });
});
afterAll(() => served.stop());

it(
  "clients of all kinds at once get the answers they should, and a request leaves nothing in memory",
  async () => {
    const limits = { seconds: TIMEOUT_MS / 1000 - 10, clients: 32, requests: REQUESTS };
    const { requests, errors, samples } = await runLoad(served, limits);
    expect(errors).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(REQUESTS);
    const [warm, last] = [samples.find((sample) => sample.requests >= WARM), samples.at(-1)];
    if (!warm || !last) throw new Error("no samples");
    expect(((last.memory - warm.memory) * 1024) / (last.requests - warm.requests)).toBeLessThan(4);
  },
  TIMEOUT_MS,
);
