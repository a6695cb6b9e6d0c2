import type { Attempt } from "./post-webhook.ts";

/** Seconds to wait after the first, second … failure of a delivery; after one more it has failed. */
export const RETRY_DELAYS_SECONDS = [5, 60, 300, 1800, 7200, 18_000, 36_000] as const;

const GONE = 410;

export type Verdict =
  | { readonly status: "SUCCEEDED" }
  | { readonly status: "FAILED" }
  | { readonly status: "PENDING"; readonly retryAfterSeconds: number };

/** What an attempt makes of its delivery. `failuresBefore`: of the same series. */
export function judgeAttempt({ statusCode }: Attempt, failuresBefore: number): Verdict {
  if (statusCode !== null && statusCode >= 200 && statusCode < 300) return { status: "SUCCEEDED" };
  // It disables the webhook, and its deliveries wait for that to be enabled again.
  if (statusCode === GONE) return { status: "PENDING", retryAfterSeconds: 0 };
  const retryAfterSeconds = RETRY_DELAYS_SECONDS[failuresBefore];
  if (retryAfterSeconds === undefined) return { status: "FAILED" };
  return { status: "PENDING", retryAfterSeconds };
}
