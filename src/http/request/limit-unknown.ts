import { rateLimited } from "../../errors/api-errors.ts";
import type { AppContext } from "../context.ts";

const UNKNOWN_RETRY_SECONDS = 60;

/** An unknown credential needs a lookup, and an address may cause only so many. Throws RATE_LIMITED. */
export async function limitUnknown(c: AppContext, credential = "API key"): Promise<void> {
  const { rates, clientAddress } = c.get("services");
  if (await rates.takeUnknown(clientAddress())) return;
  throw rateLimited(
    `Too many requests without a valid ${credential} from this address`,
    UNKNOWN_RETRY_SECONDS,
  );
}
