import { removeInChunks } from "../../db/remove-in-chunks.ts";
import { expireEventsStatement } from "../../db/webhook-queue.ts";
import type { ServiceContext } from "../context.ts";

/** Deletes deliveries after 30 days, up to 20,000 events per run. Throws SERVICE_UNAVAILABLE. */
export async function expireEvents({ database }: ServiceContext): Promise<void> {
  await removeInChunks(database, expireEventsStatement);
}
