import { asc, count, desc, eq, inArray, sql } from "drizzle-orm";
import { webhookAttempts, webhookDeliveries, webhookEvents, webhooks } from "../../db/tables/webhooks.ts";
import type { DeliveryState } from "../../model/webhook.ts";
import type { WorkspaceContext } from "../context.ts";
import { type Page, type PageRequest, toPage } from "../page.ts";
import { isWebhookOf } from "./webhook.ts";
import { webhookMissing } from "./webhook-missing.ts";

export interface AttemptDto {
  readonly at: string;
  readonly durationMs: number;
  /** Null: no answer. */
  readonly statusCode: number | null;
  /** The first KiB of the answer. */
  readonly response: string | null;
  /** Why there was no answer. */
  readonly error: string | null;
}

export interface DeliveryDto {
  readonly id: string;
  /** The `webhook-id`. */
  readonly messageId: string;
  readonly type: string;
  /** As the entity was called at the time of the change. */
  readonly entity: string;
  readonly recordId: string | number | null;
  readonly status: DeliveryState;
  readonly createdAt: string;
  /** Null when finished, or waiting for an earlier delivery of the same record. */
  readonly nextAttemptAt: string | null;
  /** In order. */
  readonly attempts: readonly AttemptDto[];
}

export interface ListDeliveriesInput extends PageRequest {
  readonly id: string;
}

/** Newest first. Throws NOT_FOUND. */
export async function listDeliveries(
  ctx: WorkspaceContext,
  { id, ...request }: ListDeliveriesInput,
): Promise<Page<DeliveryDto>> {
  const { read } = ctx.platform;
  const { page, size } = request;
  const isOfWebhook = eq(webhookDeliveries.webhookId, id);
  const ofPage = read
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(isOfWebhook)
    .orderBy(desc(webhookDeliveries.eventId))
    .limit(size)
    .offset(page * size);
  const [[webhook], rows, attempts, [counted]] = await read.batch([
    read
      .select({ id: webhooks.id })
      .from(webhooks)
      .where(isWebhookOf(ctx.platform, { address: ctx.address, id })),
    read
      .select(deliveryColumns)
      .from(webhookDeliveries)
      .innerJoin(webhookEvents, eq(webhookEvents.id, webhookDeliveries.eventId))
      .where(inArray(webhookDeliveries.id, ofPage))
      .orderBy(desc(webhookDeliveries.eventId)),
    read
      .select()
      .from(webhookAttempts)
      .where(inArray(webhookAttempts.deliveryId, ofPage))
      .orderBy(asc(webhookAttempts.number)),
    read.select({ total: count() }).from(webhookDeliveries).where(isOfWebhook),
  ]);
  if (!webhook) throw await webhookMissing(ctx, id);
  const attemptsOf = Map.groupBy(attempts, ({ deliveryId }) => deliveryId);
  const shown = rows.map((row) => ({ ...row, attempts: (attemptsOf.get(row.id) ?? []).map(toAttemptDto) }));
  return toPage(shown, request, counted?.total ?? 0);
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
