import { asc, count, desc, eq, inArray, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { db } from "../../db/platform.ts";
import { webhookAttempts, webhookDeliveries, webhookEvents, webhooks } from "../../db/tables/webhooks.ts";
import { DELIVERY_STATES } from "../../model/webhook.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { countSchema, timeSchema } from "../field-schemas.ts";
import { type Page, type PageRequest, toPage } from "../page.ts";
import { isWebhookOf } from "./webhook.ts";
import { webhookMissing } from "./webhook-missing.ts";

const attemptSchema = z.strictObject({
  at: timeSchema,
  durationMs: countSchema,
  /** Null if there was no response. */
  statusCode: z.int().nullable(),
  /** The first KiB of the response. */
  response: z.string().nullable(),
  /** Why there was no response. */
  error: z.string().nullable(),
});
type AttemptDto = Dto<typeof attemptSchema>;

export const deliverySchema = z.strictObject({
  id: z.string(),
  /** The `webhook-id`. */
  messageId: z.string(),
  type: z.string(),
  /** The entity's name at the time of the change. */
  entity: z.string(),
  recordId: z.union([z.string(), z.int()]).nullable(),
  status: z.enum(DELIVERY_STATES),
  createdAt: timeSchema,
  /** Null if finished, or waiting for an earlier delivery of the same record. */
  nextAttemptAt: timeSchema.nullable(),
  /** In order. */
  attempts: z.array(attemptSchema),
});
type DeliveryDto = Dto<typeof deliverySchema>;

export interface ListDeliveriesInput extends PageRequest {
  readonly id: string;
}

/** Newest first. Throws NOT_FOUND. */
export async function listDeliveries(
  ctx: WorkspaceContext,
  { id, ...request }: ListDeliveriesInput,
): Promise<Page<DeliveryDto>> {
  const { page, size } = request;
  const isOfWebhook = eq(webhookDeliveries.webhookId, id);
  const ofPage = db
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(isOfWebhook)
    .orderBy(desc(webhookDeliveries.eventId))
    .limit(size)
    .offset(page * size);
  const [[webhook], rows, attempts, counts] = await ctx.platform.readBatch([
    db.select({ id: webhooks.id }).from(webhooks).where(isWebhookOf(ctx.address, id)),
    db
      .select(deliveryColumns)
      .from(webhookDeliveries)
      .innerJoin(webhookEvents, eq(webhookEvents.id, webhookDeliveries.eventId))
      .where(inArray(webhookDeliveries.id, ofPage))
      .orderBy(desc(webhookDeliveries.eventId)),
    db
      .select()
      .from(webhookAttempts)
      .where(inArray(webhookAttempts.deliveryId, ofPage))
      .orderBy(asc(webhookAttempts.number)),
    db.select({ total: count() }).from(webhookDeliveries).where(isOfWebhook),
  ]);
  if (!webhook) throw await webhookMissing(ctx, id);
  const attemptsOf = Map.groupBy(attempts, ({ deliveryId }) => deliveryId);
  const shown = rows.map((row) => ({ ...row, attempts: (attemptsOf.get(row.id) ?? []).map(toAttemptDto) }));
  return toPage(shown, request, counts);
}

const deliveryColumns = {
  id: webhookDeliveries.id,
  messageId: webhookEvents.messageId,
  type: webhookEvents.type,
  entity: webhookEvents.entityName,
  recordId: sql<string | number | null>`${webhookDeliveries.recordId}`,
  status: webhookDeliveries.status,
  createdAt: webhookDeliveries.createdAt,
  nextAttemptAt: webhookDeliveries.nextAttemptAt,
};

function toAttemptDto(row: typeof webhookAttempts.$inferSelect): AttemptDto {
  const { at, durationMs, statusCode, response, error } = row;
  return { at, durationMs, statusCode, response, error };
}
