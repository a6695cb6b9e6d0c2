import { expireEventsStatement } from "../../db/webhook-queue.ts";
import type { ServiceContext } from "../context.ts";

/** Forgets deliveries after 30 days, some each run. Throws SERVICE_UNAVAILABLE. */
export async function expireEvents({ database }: ServiceContext): Promise<void> {
  await database.write([expireEventsStatement()]);
}
