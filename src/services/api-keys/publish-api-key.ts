import type { ApiKeyRecord } from "../../model/api-key.ts";
import type { ServiceContext } from "../context.ts";
import { settle } from "../secrets.ts";

/** Copies the database's state to KV. A sync repairs the copy after a failure. */
export async function publishApiKey(
  ctx: ServiceContext,
  hashes: readonly string[],
  record: ApiKeyRecord | undefined,
) {
  const writes = hashes.map((hash) => (record ? ctx.apiKeys.put(hash, record) : ctx.apiKeys.delete(hash)));
  await settle(writes, "KV is behind the database; run api-keys/sync");
}
