import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TimeoutError, within } from "../../src/lib/clock.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new Promise<never>(() => {});

it("throws when the time is over, and leaves no timer behind", async () => {
  const late = expect(within(100, never)).rejects.toThrow(TimeoutError);
  await vi.advanceTimersByTimeAsync(100);
  await late;
  expect(vi.getTimerCount()).toBe(0);
});

it("does something at intervals until the time is over", async () => {
  const run = vi.fn();
  const late = expect(within(100, never, { everyMs: 30, run })).rejects.toThrow(TimeoutError);
  await vi.advanceTimersByTimeAsync(500);
  await late;
  expect(run).toHaveBeenCalledTimes(3);
});

it("returns what comes in time, and leaves no timer behind", async () => {
  expect(await within(100, Promise.resolve(1))).toBe(1);
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
});
