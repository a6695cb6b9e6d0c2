import { asc, inArray } from "drizzle-orm";
import { scopedEntitiesOf, workspaceIdOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { apiKeys } from "../../db/tables/platform.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { WorkspaceContext } from "../context.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { type ApiKeyDto, toApiKeyDto } from "./api-key.ts";

/** Lists all keys, revoked ones too, in order of creation. Throws NOT_FOUND. */
export async function listApiKeys(ctx: WorkspaceContext, request: PageRequest): Promise<Page<ApiKeyDto>> {
  const { page, size } = request;
  const workspaceId = workspaceIdOf(ctx.address);
  const isOfWorkspace = inArray(apiKeys.workspaceId, workspaceId);
  const inOrder = [asc(apiKeys.createdAt), asc(apiKeys.id)];
  const [found, rows, counts, entities] = await ctx.platform.readBatch([
    workspaceId,
    db
      .select()
      .from(apiKeys)
      .where(isOfWorkspace)
      .orderBy(...inOrder)
      .limit(size)
      .offset(page * size),
    totalOf(apiKeys, isOfWorkspace),
    scopedEntitiesOf(ctx.address),
  ]);
  if (found.length === 0) throw await workspaceMissing(ctx);
  const shown = rows.map((row) => toApiKeyDto(row, entities));
  return toPage(shown, request, counts);
}
