import { asc, inArray } from "drizzle-orm";
import { webhookEntitiesOf, workspaceIdOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { WorkspaceContext } from "../context.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { catalogOf } from "../scopes/catalog-of.ts";
import { toWebhookDto, type WebhookDto } from "./webhook.ts";

/** In order of creation. Throws NOT_FOUND. */
export async function listWebhooks(ctx: WorkspaceContext, request: PageRequest): Promise<Page<WebhookDto>> {
  const { page, size } = request;
  const workspaceId = workspaceIdOf(ctx.address);
  const isOfWorkspace = inArray(webhooks.workspaceId, workspaceId);
  const [found, rows, entities, counts] = await ctx.platform.readBatch([
    workspaceId,
    db
      .select()
      .from(webhooks)
      .where(isOfWorkspace)
      .orderBy(asc(webhooks.createdAt), asc(webhooks.id))
      .limit(size)
      .offset(page * size),
    webhookEntitiesOf(ctx.address),
    totalOf(webhooks, isOfWorkspace),
  ]);
  if (found.length === 0) throw await workspaceMissing(ctx);
  const shown = rows.map((row) => toWebhookDto(row, catalogOf(entities)));
  return toPage(shown, request, counts);
}
