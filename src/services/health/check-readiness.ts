import { sql } from "drizzle-orm";
import type { ServiceContext } from "../context.ts";

/** Checks that database and KV respond. Throws SERVICE_UNAVAILABLE. */
export async function checkReadiness({ platform: { read }, apiKeys }: ServiceContext): Promise<void> {
  await Promise.all([read.batch([read.values(sql`SELECT 1`)]), apiKeys.ping()]);
}
