import { afterAll, beforeAll, expect, it } from "vitest";
import { type FuzzTarget, startFuzzTarget } from "../../tools/checks/fuzz/fuzz-target.ts";
import { runFuzz } from "../../tools/checks/fuzz/run-fuzz.ts";

/* A short run of `npm run fuzz`, always the same. */

const REQUESTS = 11_000;

let target: FuzzTarget;
beforeAll(async () => {
  target = await startFuzzTarget();
});
afterAll(() => target.stop());

it("hostile requests get documented answers, no 5xx, and leave everything of others as it is", {
  timeout: 240_000,
}, async () => {
  const { requests, statuses, undone, findings } = await runFuzz(target, { requests: REQUESTS, seed: 1 });
  expect(findings).toEqual([]);
  expect(requests).toBe(REQUESTS);
  expect(undone).toEqual([]);
  expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 10);
  for (const status of [201, 204, 401, 403, 404, 405, 409, 422])
    expect(statuses.get(status), `${status}`).toBeGreaterThan(0);
});
