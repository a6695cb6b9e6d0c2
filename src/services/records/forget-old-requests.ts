import { expireStatement } from "../../db/idempotency.ts";
import type { ServiceContext } from "../context.ts";

/** Forgets the answers of writes with an Idempotency-Key that are too old to be given again. */
export async function forgetOldRequests({ database, now }: ServiceContext): Promise<void> {
  await database.write([expireStatement(now)]);
}
