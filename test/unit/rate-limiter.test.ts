import { expect, it } from "vitest";
import { openRateLimiter, RATE_STEPS } from "../../src/rates/rate-limiter.ts";

it("each step is counted by its own binding only", async () => {
  const asked: string[] = [];
  const binding = (name: string): RateLimit => ({
    async limit({ key }) {
      asked.push(`${name} ${key}`);
      return { success: name !== "1000" };
    },
  });
  const limiter = openRateLimiter({
    RATE_LIMIT_60: binding("60"),
    RATE_LIMIT_300: binding("300"),
    RATE_LIMIT_1000: binding("1000"),
    RATE_LIMIT_6000: binding("6000"),
  });
  for (const step of RATE_STEPS) {
    const isWithin = step !== 1000;
    expect(await limiter.take(step, `key ${step}`)).toEqual({
      isWithin,
      limit: step,
      remaining: isWithin ? step - 1 : 0,
      resetSeconds: 60,
    });
  }
  expect(asked).toEqual(["60 key 60", "300 key 300", "1000 key 1000", "6000 key 6000"]);
});

it("a missing or unbound step is not counted", async () => {
  const limiter = openRateLimiter({});
  expect(await limiter.take(60, "key")).toBeUndefined();
  expect(await limiter.take(61, "key")).toBeUndefined();
});
