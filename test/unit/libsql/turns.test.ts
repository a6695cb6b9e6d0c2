import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turns } from "../../../src/libsql/turns.ts";

const TIMEOUT_MS = 15_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Takes turns at once, and tells which have come, in order. */
function takeMany(turns: Turns, principal: string, count: number) {
  const come: number[] = [];
  const ends: (() => void)[] = [];
  const taken = Array.from({ length: count }, async (_, i) => {
    ends[i] = await turns.take(principal, TIMEOUT_MS);
    come.push(i);
  });
  return { come, ends, taken };
}

it("lets a principal have so many turns at once, then each in order", async () => {
  const turns = new Turns(2);
  const { come, ends } = takeMany(turns, "a", 5);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(come).toEqual([0, 1]);
  ends[1]?.();
  await vi.advanceTimersByTimeAsync(10);
  expect(come).toEqual([0, 1, 2]);
  ends[0]?.();
  ends[2]?.();
  await vi.advanceTimersByTimeAsync(10);
  expect(come).toEqual([0, 1, 2, 3, 4]);
});

it("lets nobody wait for another principal", async () => {
  const turns = new Turns(2);
  takeMany(turns, "a", 100);
  const { come } = takeMany(turns, "b", 2);
  await vi.advanceTimersByTimeAsync(0);
  expect(come).toEqual([0, 1]);
});

it("refuses what has waited too long, and more than can wait", async () => {
  const turns = new Turns(1);
  const ends = [await turns.take("a", 2 * TIMEOUT_MS)];
  const late = turns.take("a", TIMEOUT_MS);
  const refused = expect(late).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10);
  await refused;
  ends[0]?.();
  const many = takeMany(turns, "a", 202);
  const outcomes = Promise.allSettled(many.taken);
  for (let i = 0; i < 202; i++) {
    await vi.advanceTimersByTimeAsync(10);
    many.ends[i]?.();
  }
  expect((await outcomes).filter(({ status }) => status === "rejected")).toHaveLength(1);
});

it("ends the turn of a request that never ends it", async () => {
  const turns = new Turns(1);
  await turns.take("a", TIMEOUT_MS);
  const next = turns.take("a", 2 * TIMEOUT_MS);
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10);
  await expect(next).resolves.toBeTypeOf("function");
});
