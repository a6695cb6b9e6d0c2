import type { DeliveryAttempt } from "./post-webhook.ts";

/** Seconds to wait after the first, second … failure of a delivery. After one more it is FAILED. */
export const RETRY_DELAYS_SECONDS = [5, 60, 300, 1800, 7200, 18_000, 36_000] as const;
/** The longest pause that a receiver gets. */
export const MAX_PAUSE_SECONDS = 86_400;

const GONE = 410;
/** The statuses for which `Retry-After` asks for a pause (RFC 9110 §10.2.3, RFC 6585 §4). */
const PAUSING = [429, 503];

export type Verdict =
  | { readonly status: "SUCCEEDED" }
  | { readonly status: "FAILED"; readonly pauseSeconds?: number }
  /**
   * `pauseSeconds`: the receiver wants no messages for that long. `isGone`: it wants none at all, so the webhook must be
   * disabled.
   */
  | {
      readonly status: "PENDING";
      readonly retryAfterSeconds: number;
      readonly pauseSeconds?: number;
      readonly isGone?: true;
    };

/** Decides what an attempt means for its delivery. `failuresBefore` counts those of the same series. */
export function judgeAttempt({ statusCode, pauseSeconds }: DeliveryAttempt, failuresBefore: number): Verdict {
  if (statusCode !== null && statusCode >= 200 && statusCode < 300) return { status: "SUCCEEDED" };
  // The deliveries of a disabled webhook wait until it is enabled again.
  if (statusCode === GONE) return { status: "PENDING", retryAfterSeconds: 0, isGone: true };
  const pause = pauseSeconds === undefined ? {} : { pauseSeconds };
  const scheduled = RETRY_DELAYS_SECONDS[failuresBefore];
  if (scheduled === undefined) return { status: "FAILED", ...pause };
  return { status: "PENDING", retryAfterSeconds: Math.max(scheduled, pauseSeconds ?? 0), ...pause };
}

/** The seconds of `Retry-After`, at most a day; undefined if the response does not ask for a pause. */
export function pauseOf({ status, headers }: Response, now: Date): number | undefined {
  const text = headers.get("Retry-After");
  if (text === null || !PAUSING.includes(status)) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now.getTime()) / 1000);
  return seconds > 0 ? Math.min(seconds, MAX_PAUSE_SECONDS) : undefined;
}
