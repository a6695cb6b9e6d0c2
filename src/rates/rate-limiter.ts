import { currentMillis } from "../lib/clock.ts";
import { LruMap } from "../lib/lru-map.ts";
import { networkOf } from "../model/addresses/address-range.ts";

/*
 * Rate limits per minute, by the platform's bindings: one binding per step, because a binding takes its limit from the
 * configuration. A binding only says whether a request is within the limit. How many are left is counted here, by
 * isolate, so it is an upper bound.
 */
const WINDOW_MS = 60_000;
const COUNTED_KEYS = 10_000;

export const RATE_STEPS = [60, 300, 1000, 6000] as const;
export type RateStep = (typeof RATE_STEPS)[number];

export interface RateBindings {
  readonly RATE_LIMIT_60?: RateLimit;
  readonly RATE_LIMIT_300?: RateLimit;
  readonly RATE_LIMIT_1000?: RateLimit;
  readonly RATE_LIMIT_6000?: RateLimit;
  /** For requests without a known key, by address. */
  readonly RATE_LIMIT_UNKNOWN?: RateLimit;
}

export interface Rate {
  readonly isWithin: boolean;
  readonly limit: number;
  /** How many more requests the current window allows at most. */
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly resetSeconds: number;
}

export interface RateLimiter {
  /** Counts a request of the key; undefined if the deployment has no such binding. */
  take(step: number, keyId: string): Promise<Rate | undefined>;
  /** Counts a request without a known key. Returns false if its address, or IPv6 network, has sent too many. */
  takeUnknown(address: string | undefined): Promise<boolean>;
}

interface Window {
  readonly startMs: number;
  readonly count: number;
}

const windows = new LruMap<string, Window>(COUNTED_KEYS);

export function openRateLimiter(bindings: RateBindings): RateLimiter {
  const bindingOf: Readonly<Record<RateStep, RateLimit | undefined>> = {
    60: bindings.RATE_LIMIT_60,
    300: bindings.RATE_LIMIT_300,
    1000: bindings.RATE_LIMIT_1000,
    6000: bindings.RATE_LIMIT_6000,
  };
  return {
    async take(step, keyId) {
      const binding = bindingOf[step as RateStep];
      if (!binding) return undefined;
      const { success } = await binding.limit({ key: keyId });
      const { count, resetSeconds } = countIn(keyId);
      const remaining = success ? Math.max(0, step - count) : 0;
      return { isWithin: success, limit: step, remaining, resetSeconds };
    },
    async takeUnknown(address) {
      if (address === undefined || !bindings.RATE_LIMIT_UNKNOWN) return true;
      return (await bindings.RATE_LIMIT_UNKNOWN.limit({ key: networkOf(address) })).success;
    },
  };
}

function countIn(keyId: string): { readonly count: number; readonly resetSeconds: number } {
  const now = currentMillis();
  const known = windows.get(keyId);
  const window = known && now < known.startMs + WINDOW_MS ? known : { startMs: now, count: 0 };
  const count = window.count + 1;
  windows.set(keyId, { ...window, count });
  return { count, resetSeconds: Math.ceil((window.startMs + WINDOW_MS - now) / 1000) };
}
