import { removeInChunks } from "../../db/remove-in-chunks.ts";
import type { ServiceContext } from "../context.ts";
import { MAX_TOKEN_SECONDS } from "./create-token.ts";

/** Removes revocations of user tokens that have all expired. Throws SERVICE_UNAVAILABLE. */
export async function forgetRevocations({
  database,
  now,
}: Pick<ServiceContext, "database" | "now">): Promise<void> {
  const lastEnd = new Date(now.getTime() - MAX_TOKEN_SECONDS * 1000).toISOString();
  await removeInChunks(database, (limit) => ({
    sql: `DELETE FROM token_revocations WHERE (workspace_id, key_id, subject) IN (
      SELECT workspace_id, key_id, subject FROM token_revocations WHERE revoked_before < ? LIMIT ?)`,
    args: [lastEnd, limit],
  }));
}
