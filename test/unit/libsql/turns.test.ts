import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turns } from "../../../src/libsql/turns.ts";

const TIMEOUT_MS = 200;

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

it("lets a principal have so many turns at once, then each in order, as soon as one before it ends", async () => {
  const turns = new Turns(2);
  const { come, ends } = takeMany(turns, "a", 5);
  await vi.advanceTimersByTimeAsync(0);
  expect(come).toEqual([0, 1]);
  ends[1]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(come).toEqual([0, 1, 2]);
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(come).toEqual([0, 1, 2, 3]);
  ends[2]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(come).toEqual([0, 1, 2, 3, 4]);
});

it("lets nobody wait for another principal", async () => {
  const turns = new Turns(2);
  takeMany(turns, "a", 100);
  const { come } = takeMany(turns, "b", 2);
  await vi.advanceTimersByTimeAsync(0);
  expect(come).toEqual([0, 1]);
});

it("refuses what has waited too long", async () => {
  const turns = new Turns(1);
  await turns.take("a", 2 * TIMEOUT_MS);
  const refused = expect(turns.take("a", TIMEOUT_MS)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10);
  await refused;
});

it("refuses more than can wait, at once", async () => {
  const turns = new Turns(1);
  const { taken } = takeMany(turns, "a", 201);
  const outcomes = Promise.allSettled(taken);
  await expect(turns.take("a", TIMEOUT_MS)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 100);
  expect((await outcomes).map(({ status }) => status).filter((status) => status === "rejected")).not.toEqual(
    [],
  );
});

it("ends the turn of a request that never ends it", async () => {
  const turns = new Turns(1);
  await turns.take("a", TIMEOUT_MS);
  const next = turns.take("a", 2 * TIMEOUT_MS);
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 10);
  await expect(next).resolves.toBeTypeOf("function");
});

it("ends the turns of clients that leave, and refuses those that wait", async () => {
  const turns = new Turns(1);
  const [running, waiting] = [new AbortController(), new AbortController()];
  await turns.take("a", TIMEOUT_MS, running.signal);
  const left = turns.take("a", TIMEOUT_MS, waiting.signal);
  const next = turns.take("a", TIMEOUT_MS);
  waiting.abort();
  running.abort();
  await vi.advanceTimersByTimeAsync(0);
  await expect(next).resolves.toBeTypeOf("function");
  const refused = expect(left).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  await refused;
});
