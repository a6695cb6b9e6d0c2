import { asc, inArray } from "drizzle-orm";
import { workspaceIdOf } from "../../db/lookups.ts";
import { entities } from "../../db/tables/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import type { WorkspaceContext } from "../context.ts";
import { workspaceMissing } from "../fence/workspace-missing.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { toWebhookDto, type WebhookDto } from "./webhook.ts";

/** In order of creation. Throws NOT_FOUND. */
export async function listWebhooks(ctx: WorkspaceContext, request: PageRequest): Promise<Page<WebhookDto>> {
  const { read } = ctx.platform;
  const { page, size } = request;
  const workspaceId = workspaceIdOf(ctx.platform, ctx.address);
  const isOfWorkspace = inArray(webhooks.workspaceId, workspaceId);
  const [found, rows, names, [count]] = await read.batch([
    workspaceId,
    read
      .select()
      .from(webhooks)
      .where(isOfWorkspace)
      .orderBy(asc(webhooks.createdAt), asc(webhooks.id))
      .limit(size)
      .offset(page * size),
    read
      .select({ id: entities.id, name: entities.name })
      .from(entities)
      .where(inArray(entities.workspaceId, workspaceId)),
    totalOf(ctx.platform, webhooks, isOfWorkspace),
  ]);
  if (found.length === 0) throw await workspaceMissing(ctx);
  const nameById = new Map(names.map((entity) => [entity.id, entity.name]));
  const shown = rows.map((row) => toWebhookDto(row, (entityId) => nameById.get(entityId)));
  return toPage(shown, request, count?.total ?? 0);
}
