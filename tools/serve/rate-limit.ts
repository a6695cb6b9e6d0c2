import { LruMap } from "../../src/lib/lru-map.ts";

const WINDOW_MS = 60_000;
const MAX_WINDOWS = 20_000;

interface Window {
  readonly end: number;
  count: number;
}

interface RateLimit {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** A rate-limit binding of the platform: requests of a key in windows of a minute that begin with its first. */
function createRateLimit(limit: number): RateLimit {
  const windows = new LruMap<string, Window>(MAX_WINDOWS);
  return {
    async limit({ key }) {
      const now = Date.now();
      const known = windows.get(key);
      if (known && now < known.end) {
        known.count++;
        return { success: known.count <= limit };
      }
      windows.set(key, { end: now + WINDOW_MS, count: 1 });
      return { success: true };
    },
  };
}

/** The rate limits of wrangler.toml. `unknownKeyRate`: requests a minute of an address without a known key. */
export const createRateLimits = (unknownKeyRate: number): Readonly<Record<string, RateLimit>> => ({
  RATE_LIMIT_60: createRateLimit(60),
  RATE_LIMIT_300: createRateLimit(300),
  RATE_LIMIT_1000: createRateLimit(1000),
  RATE_LIMIT_6000: createRateLimit(6000),
  RATE_LIMIT_UNKNOWN: createRateLimit(unknownKeyRate),
});
