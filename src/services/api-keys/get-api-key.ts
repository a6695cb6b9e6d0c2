import { scopedEntitiesOf } from "../../db/lookups.ts";
import { apiKeys } from "../../db/tables/platform.ts";
import type { WorkspaceContext } from "../context.ts";
import { type ApiKeyDto, isKeyOf, toApiKeyDto } from "./api-key.ts";
import { apiKeyMissing } from "./api-key-missing.ts";

/** Throws NOT_FOUND. */
export async function getApiKey(ctx: WorkspaceContext, id: string): Promise<ApiKeyDto> {
  const { read } = ctx.platform;
  const [[row], entities] = await read.batch([
    read
      .select()
      .from(apiKeys)
      .where(isKeyOf(ctx.platform, { address: ctx.address, id })),
    scopedEntitiesOf(ctx.platform, ctx.address),
  ]);
  if (!row) throw await apiKeyMissing(ctx, id);
  return toApiKeyDto(row, entities);
}
