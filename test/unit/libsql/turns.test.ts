import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turns } from "../../../src/libsql/turns.ts";

const LONGEST_MS = 200;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets everything run that waits for no timer. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** Takes turns at once, and tells which have come, in order. */
function takeMany(turns: Turns, principal: string, count: number) {
  const come: number[] = [];
  const ends = Array.from({ length: count }, (): (() => void)[] => []);
  for (const [i, end] of ends.entries()) void turns.take(principal, LONGEST_MS, end).then(() => come.push(i));
  return { come, end: (i: number) => ends[i]?.[0]?.() };
}

it("lets a principal have so many turns at once, then each in order, as soon as one before it ends", async () => {
  const { come, end } = takeMany(new Turns(2), "a", 5);
  await settle();
  expect(come).toEqual([0, 1]);
  end(1);
  await settle();
  expect(come).toEqual([0, 1, 2]);
  end(0);
  await settle();
  expect(come).toEqual([0, 1, 2, 3]);
  end(2);
  await settle();
  expect(come).toEqual([0, 1, 2, 3, 4]);
});

it("lets nobody wait for another principal", async () => {
  const turns = new Turns(2);
  takeMany(turns, "a", 100);
  const { come } = takeMany(turns, "b", 2);
  await settle();
  expect(come).toEqual([0, 1]);
});

it("lets a turn that is ended while it waits never come, nor hold up those behind it", async () => {
  const { come, end } = takeMany(new Turns(1), "a", 3);
  end(1);
  end(0);
  await settle();
  expect(come).toEqual([0, 2]);
});

it("counts a turn that is ended twice once", async () => {
  const { come, end } = takeMany(new Turns(1), "a", 3);
  end(0);
  end(0);
  await settle();
  expect(come).toEqual([0, 1]);
});

it("refuses more than can wait, at once", async () => {
  const turns = new Turns(1);
  takeMany(turns, "a", 201);
  await expect(turns.take("a", LONGEST_MS, [])).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
});

it("counts turns that are never ended as ended when their time is over", async () => {
  const turns = new Turns(1);
  const { come } = takeMany(turns, "a", 1);
  await vi.advanceTimersByTimeAsync(LONGEST_MS / 2);
  const waiting = takeMany(turns, "a", 1);
  await vi.advanceTimersByTimeAsync(LONGEST_MS / 2);
  takeMany(turns, "a", 1);
  await settle();
  expect([come, waiting.come]).toEqual([[0], [0]]);
});
