import { expireStatement } from "../../db/idempotency.ts";
import { removeInChunks } from "../../db/remove-in-chunks.ts";
import type { ServiceContext } from "../context.ts";

/** Forgets the answers of writes with an Idempotency-Key that are too old to be given again. Throws SERVICE_UNAVAILABLE. */
export async function forgetOldRequests({ database, now }: ServiceContext): Promise<void> {
  await removeInChunks(database, (limit) => expireStatement(now, limit));
}
