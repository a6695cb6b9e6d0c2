import { logWarning } from "../../lib/logger.ts";
import type { ApiKeyRecord } from "../../model/api-key.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Copies the database's state to KV. A failure is only logged: the fence enforces the change without KV, and a sync
 * repairs the copy.
 */
export async function publishApiKey(
  ctx: ServiceContext,
  hashes: readonly string[],
  record: ApiKeyRecord | undefined,
) {
  const writes = hashes.map((hash) => (record ? ctx.apiKeys.put(hash, record) : ctx.apiKeys.delete(hash)));
  for (const result of await Promise.allSettled(writes)) {
    if (result.status === "rejected")
      logWarning("KV is behind the database; run api-keys/sync", result.reason);
  }
}
