import { sql } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import type { ServiceContext } from "../context.ts";

/** Checks that database and KV respond. Throws SERVICE_UNAVAILABLE. */
export async function checkReadiness({ platform, apiKeys }: ServiceContext): Promise<void> {
  await Promise.all([platform.readBatch([db.run(sql`SELECT 1`)]), apiKeys.ping()]);
}
