import { afterAll, beforeAll, expect, it } from "vitest";
import { type Served, serveWorker } from "../support/served-workspace.ts";
import { runLoad } from "./run-load.ts";

/* A short run of `npm run load`. */

let served: Served;
beforeAll(async () => {
  served = await serveWorker({ LOG_REQUESTS: "false" });
});
afterAll(() => served.stop());

it("clients of all kinds at once get the answers they should, and memory stays where it was", async () => {
  const { requests, errors, samples } = await runLoad(served, { seconds: 10, clients: 32 });
  expect(errors).toEqual([]);
  expect(requests).toBeGreaterThan(1000);
  const [first, last] = [samples[Math.floor(samples.length / 2)], samples.at(-1)];
  for (const name of ["workerd", "database"]) {
    expect(last?.memory[name]).toBeGreaterThan(0);
    expect((last?.memory[name] ?? 0) - (first?.memory[name] ?? 0)).toBeLessThan(128);
  }
});
