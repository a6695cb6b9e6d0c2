import { eq } from "drizzle-orm";
import { entities } from "../../db/tables/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import type { WorkspaceContext } from "../context.ts";
import { isWebhookOf, toWebhookDto, type WebhookDto } from "./webhook.ts";
import { webhookMissing } from "./webhook-missing.ts";

/** Throws NOT_FOUND. */
export async function getWebhook(ctx: WorkspaceContext, id: string): Promise<WebhookDto> {
  const { read } = ctx.platform;
  const isAddressed = isWebhookOf(ctx.platform, { address: ctx.address, id });
  const [[row], names] = await read.batch([
    read.select().from(webhooks).where(isAddressed),
    read
      .select({ id: entities.id, name: entities.name })
      .from(entities)
      .innerJoin(webhooks, eq(webhooks.workspaceId, entities.workspaceId))
      .where(isAddressed),
  ]);
  if (!row) throw await webhookMissing(ctx, id);
  const nameById = new Map(names.map((entity) => [entity.id, entity.name]));
  return toWebhookDto(row, (entityId) => nameById.get(entityId));
}
