import { rateLimited } from "../../errors/failures.ts";
import type { AppContext } from "../context.ts";

const UNKNOWN_RETRY_SECONDS = 60;

/** What is not known has to be looked up: an address may ask that only so often. Throws RATE_LIMITED. */
export async function limitUnknown(c: AppContext, credential = "API key"): Promise<void> {
  const { rates, clientAddress } = c.get("services");
  if (await rates.takeUnknown(clientAddress())) return;
  throw rateLimited(
    `Too many requests without a valid ${credential} from this address`,
    UNKNOWN_RETRY_SECONDS,
  );
}
