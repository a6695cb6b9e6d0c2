import * as z from "zod/v4";
import { db } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import { redeliverStatement, resumeStatement } from "../../db/webhook-queue.ts";
import { notFound } from "../../errors/api-errors.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { isWebhookOf } from "./webhook.ts";
import { webhookMissing } from "./webhook-missing.ts";

export const redeliverySchema = z.strictObject({ deliveryId: z.string() });

export interface RedeliverInput {
  readonly id: string;
  readonly deliveryId: string;
}

/**
 * Starts a new series of attempts of a delivery, with the same `webhook-id`. An unfinished delivery is tried at once. A
 * pause that the receiver asked for ends. Throws NOT_FOUND.
 */
export async function redeliver(
  ctx: WorkspaceContext,
  { id, deliveryId }: RedeliverInput,
): Promise<Dto<typeof redeliverySchema>> {
  const isAddressed = isWebhookOf(ctx.address, id);
  const [found] = await ctx.platform.readBatch([
    db.select({ id: webhooks.id }).from(webhooks).where(isAddressed),
  ]);
  if (found.length === 0) throw await webhookMissing(ctx, id);
  const [changed = []] = await ctx.database.write([redeliverStatement(deliveryId, id), resumeStatement(id)]);
  if (changed.length === 0) throw notFound("Delivery", deliveryId);
  return { deliveryId };
}
