import { serviceUnavailable } from "../errors/failures.ts";
import { within } from "../lib/clock.ts";

const KV_TIMEOUT_MS = 5_000;

/** What is read is only believed until the fence has checked it, so it may be cached as long as one likes. */
export const KV_CACHE_TTL_SECONDS = 300;

/** Throws SERVICE_UNAVAILABLE when KV fails, or does not answer in time. */
export async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await within(KV_TIMEOUT_MS, call());
  } catch (cause) {
    throw serviceUnavailable(cause);
  }
}
