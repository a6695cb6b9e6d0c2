import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turns } from "../../../src/libsql/turns.ts";

const LONGEST_MS = 200;
const SOON_MS = 5;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets those look whose turn can have come. */
const settle = () => vi.advanceTimersByTimeAsync(SOON_MS);

/** Takes turns at once, and tells which have come, in order. */
function takeMany(turns: Turns, principal: string, count: number) {
  const come: number[] = [];
  const ends = Array.from({ length: count }, (): (() => void)[] => []);
  for (const [i, end] of ends.entries()) void turns.take(principal, LONGEST_MS, end).then(() => come.push(i));
  return { come, end: (i: number) => ends[i]?.[0]?.() };
}

it("lets a principal have so many turns at once, then each in order, soon after one before it ends", async () => {
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

it("refuses a turn that is ended while it waits, and holds up nobody behind it", async () => {
  const turns = new Turns(1);
  const ends: (() => void)[] = [];
  void turns.take("a", LONGEST_MS, ends);
  const refused = expect(turns.take("a", LONGEST_MS, ends)).rejects.toMatchObject({
    code: "SERVICE_UNAVAILABLE",
  });
  const { come } = takeMany(turns, "a", 1);
  for (const end of ends) end();
  await settle();
  await refused;
  expect(come).toEqual([0]);
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
  const turns = new Turns(2);
  takeMany(turns, "a", 2);
  await vi.advanceTimersByTimeAsync(LONGEST_MS / 2);
  const waiting = takeMany(turns, "a", 1);
  await vi.advanceTimersByTimeAsync(LONGEST_MS / 2);
  const next = takeMany(turns, "a", 1);
  await settle();
  expect([waiting.come, next.come]).toEqual([[0], [0]]);
});

it("brings each turn as soon as the one before it ends, however long that takes", async () => {
  const turns = new Turns(1);
  const { come, end } = takeMany(turns, "a", 50);
  await settle();
  for (let i = 0; i < 49; i++) {
    end(i);
    await vi.advanceTimersByTimeAsync(2);
    expect(come).toHaveLength(i + 2);
  }
});
