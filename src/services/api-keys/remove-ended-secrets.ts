import { inArray, lte } from "drizzle-orm";
import { apiKeySecrets } from "../../db/tables/platform.ts";
import type { ServiceContext } from "../context.ts";

/** Few enough for one run of a Worker; what is left waits for the next. */
const SECRETS_PER_RUN = 200;

/**
 * Removes rotated secrets whose grace period is over, from KV first: what fails is tried again at the next run.
 * Returns how many. Throws SERVICE_UNAVAILABLE.
 */
export async function removeEndedSecrets({ platform, apiKeys, now }: ServiceContext): Promise<number> {
  const { read, write } = platform;
  const hasEnded = lte(apiKeySecrets.validUntil, now.toISOString());
  const [ended] = await read.batch([
    read.select({ hash: apiKeySecrets.hash }).from(apiKeySecrets).where(hasEnded).limit(SECRETS_PER_RUN),
  ]);
  if (ended.length === 0) return 0;
  const hashes = ended.map(({ hash }) => hash);
  for (const hash of hashes) await apiKeys.delete(hash);
  await write.batch([write.delete(apiKeySecrets).where(inArray(apiKeySecrets.hash, hashes))]);
  return ended.length;
}
