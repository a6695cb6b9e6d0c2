import { afterEach, expect, it, vi } from "vitest";
import { createRateLimits } from "../rate-limit.ts";

afterEach(() => vi.restoreAllMocks());

it("does constant work for a request, however many addresses have sent one", async () => {
  let steps = 0;
  const count = (name: "keys" | "entries" | "values" | typeof Symbol.iterator) => {
    const original = Map.prototype[name];
    vi.spyOn(Map.prototype, name).mockImplementation(function (this: Map<unknown, unknown>) {
      const iterator = original.call(this);
      const next = iterator.next.bind(iterator);
      iterator.next = () => {
        steps++;
        return next();
      };
      return iterator as never;
    });
  };
  for (const name of ["keys", "entries", "values", Symbol.iterator] as const) count(name);
  const forEach = vi.spyOn(Map.prototype, "forEach");
  const { RATE_LIMIT_UNKNOWN: limit } = createRateLimits(2);
  const REQUESTS = 60_000;
  for (let i = 0; i < REQUESTS; i++) await limit?.limit({ key: `address ${i}` });
  expect(steps).toBeLessThan(3 * REQUESTS);
  expect(forEach).not.toHaveBeenCalled();
  const ofOne = await Promise.all(Array.from({ length: 3 }, () => limit?.limit({ key: "one" })));
  expect(ofOne.map((answer) => answer?.success)).toEqual([true, true, false]);
});
