import { serviceUnavailable } from "../errors/api-errors.ts";
import { within } from "../lib/clock.ts";

const KV_TIMEOUT_MS = 5_000;

/** The fence checks everything that is read here, so it may be cached for any time. */
export const KV_CACHE_TTL_SECONDS = 300;

/** Throws SERVICE_UNAVAILABLE if KV fails or does not respond in time. */
export async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await within(KV_TIMEOUT_MS, call());
  } catch (cause) {
    throw serviceUnavailable(cause);
  }
}
