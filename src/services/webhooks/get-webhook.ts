import { webhookEntitiesOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import type { WorkspaceContext } from "../context.ts";
import { catalogOf } from "../scopes/catalog-of.ts";
import { isWebhookOf, toWebhookDto, type WebhookDto } from "./webhook.ts";
import { webhookMissing } from "./webhook-missing.ts";

/** Throws NOT_FOUND. */
export async function getWebhook(ctx: WorkspaceContext, id: string): Promise<WebhookDto> {
  const [[row], entities] = await ctx.platform.readBatch([
    db.select().from(webhooks).where(isWebhookOf(ctx.address, id)),
    webhookEntitiesOf(ctx.address),
  ]);
  if (!row) throw await webhookMissing(ctx, id);
  return toWebhookDto(row, catalogOf(entities));
}
