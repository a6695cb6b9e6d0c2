import { constants, type NodeGCPerformanceDetail, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
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

it("collects nothing after work that needed no memory, because a collection makes the code slow for a while", async () => {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().filter(isMajor).length;
  });
  observer.observe({ entryTypes: ["gc"] });
  stop = startMemoryRelease();
  for (const end = Date.now() + 1_500; Date.now() < end; await new Promise(setImmediate)) spin(50);
  collections = 0;
  await sleep(2_500);
  observer.disconnect();
  expect(collections).toBe(0);
});

function spin(ms: number): void {
  for (const end = Date.now() + ms; Date.now() < end; );
}

const isMajor = (entry: PerformanceEntry & { readonly detail?: NodeGCPerformanceDetail }) =>
  entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
