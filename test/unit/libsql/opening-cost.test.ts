import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { OpeningCost } from "../../../src/libsql/opening-cost.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** One request, beside `turns - 1` others that use a stream. */
function request(cost: OpeningCost, { isReused, tookMs, turns = 3 }: Shape): void {
  const end = cost.measure(isReused, turns);
  vi.advanceTimersByTime(tookMs);
  end(turns);
}

interface Shape {
  readonly isReused: boolean;
  readonly tookMs: number;
  readonly turns?: number;
}

/** A crowd that came 200 ms ago and in which openings take the given times, and other requests 10 ms. */
function crowd(cost: OpeningCost, openings: readonly number[], turns?: number): void {
  cost.noteRequests(32);
  vi.advanceTimersByTime(200);
  const shape = turns === undefined ? {} : { turns };
  for (let i = 0; i < 50; i++) request(cost, { isReused: true, tookMs: 10, ...shape });
  for (const tookMs of openings) request(cost, { isReused: false, tookMs, ...shape });
}

it("assumes that opening is expensive before the first request", () => {
  expect(new OpeningCost(4).isHigh()).toBe(true);
});

it("compares the averages while few requests come", () => {
  const cost = new OpeningCost(4);
  request(cost, { isReused: true, tookMs: 20 });
  request(cost, { isReused: false, tookMs: 24 });
  expect(cost.isHigh()).toBe(false);
  for (let i = 0; i < 20; i++) request(cost, { isReused: false, tookMs: 30 });
  expect(cost.isHigh()).toBe(true);
});

it("compares five openings in a crowd, whatever was usual before", () => {
  const cost = new OpeningCost(4);
  request(cost, { isReused: true, tookMs: 20 });
  request(cost, { isReused: false, tookMs: 60 });
  crowd(cost, [12, 12, 12, 12]);
  expect(cost.isHigh()).toBe(true);
  request(cost, { isReused: false, tookMs: 12 });
  expect(cost.isHigh()).toBe(false);
});

it("does not let one slow opening decide", () => {
  const cost = new OpeningCost(4);
  crowd(cost, [12, 12, 250, 12, 12]);
  expect(cost.isHigh()).toBe(false);
  crowd(cost, [13, 13, 1, 13, 13]);
  expect(cost.isHigh()).toBe(true);
});

it("learns nothing where many use a stream at once, nor from what a crowd has left behind", () => {
  const cost = new OpeningCost(4);
  crowd(cost, [12, 12, 12, 12, 12], 5);
  expect(cost.isHigh()).toBe(true);
  crowd(cost, [12, 12, 12, 12]);
  const end = cost.measure(false, 3);
  cost.noteRequests(4);
  end(3);
  cost.noteRequests(32);
  vi.advanceTimersByTime(200);
  expect(cost.isHigh()).toBe(true);
});

it("assumes that opening is expensive again 5 s after the last comparison in a crowd", () => {
  const cost = new OpeningCost(4);
  crowd(cost, [12, 12, 12, 12, 12]);
  vi.advanceTimersByTime(5_000);
  expect(cost.isHigh()).toBe(false);
  vi.advanceTimersByTime(1);
  expect(cost.isHigh()).toBe(true);
  request(cost, { isReused: false, tookMs: 12 });
  expect(cost.isHigh()).toBe(false);
});

it("asks a crowd for an opening ever more seldom, and only while few use a stream", () => {
  const cost = new OpeningCost(4);
  expect(cost.isDue(2)).toBe(false);
  crowd(cost, []);
  expect([cost.isDue(3), cost.isDue(4)]).toEqual([true, false]);
  const waits = Array.from({ length: 10 }, () => {
    request(cost, { isReused: false, tookMs: 12 });
    const start = Date.now();
    while (!cost.isDue(3)) vi.advanceTimersByTime(1);
    return Date.now() - start - 1;
  });
  expect(waits).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
});
