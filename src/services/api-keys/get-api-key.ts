import { scopedEntitiesOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { apiKeys } from "../../db/tables/platform.ts";
import type { WorkspaceContext } from "../context.ts";
import { type ApiKeyDto, isKeyOf, toApiKeyDto } from "./api-key.ts";
import { apiKeyMissing } from "./api-key-missing.ts";

/** Throws NOT_FOUND. */
export async function getApiKey(ctx: WorkspaceContext, id: string): Promise<ApiKeyDto> {
  const [[row], entities] = await ctx.platform.readBatch([
    db.select().from(apiKeys).where(isKeyOf(ctx.address, id)),
    scopedEntitiesOf(ctx.address),
  ]);
  if (!row) throw await apiKeyMissing(ctx, id);
  return toApiKeyDto(row, entities);
}
