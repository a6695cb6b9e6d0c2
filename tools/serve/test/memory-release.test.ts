import { afterEach, expect, it } from "vitest";
import { startMemoryRelease } from "../memory-release.ts";

const MIB = 1024 * 1024;
/** Less than the time in which V8 does so by itself. */
const SOON = { timeout: 6_000, interval: 200 };

let stop = () => {};
afterEach(() => stop());

it("gives the memory of a burst back soon after it", async () => {
  stop = startMemoryRelease();
  const before = process.memoryUsage.rss();
  let burst: object[] = Array.from({ length: 2_000_000 }, (_, n) => ({ n, text: `record ${n}` }));
  expect(process.memoryUsage.rss()).toBeGreaterThan(before + 100 * MIB);
  burst = [];
  await expect.poll(() => process.memoryUsage.rss(), SOON).toBeLessThan(before + 50 * MIB);
  expect(burst).toHaveLength(0);
});
