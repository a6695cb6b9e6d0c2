import type { Catalog } from "./catalog.ts";

export const WEBHOOK_EVENTS = ["record.created", "record.updated", "record.deleted"] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENTS)[number];

/** The type of chosen rows; no webhook listens to it, they go to the one that was asked for. */
export const ROWS_SENT = "rows.sent";

/** A change as the outbox holds it. */
export interface OutboxEvent {
  readonly organization: string;
  readonly workspace: string;
  readonly entity: string;
  readonly type: string;
  readonly recordId: string | number | null;
  /** JSON: parts of the record, or the whole body of chosen rows. */
  readonly record: string | null;
  readonly previous: string | null;
  readonly createdAt: string;
}

export const DELIVERY_STATES = ["PENDING", "SUCCEEDED", "FAILED"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What a webhook listens to. */
export interface WebhookCoverage {
  readonly id: string;
  readonly enabled: boolean;
  readonly events: readonly WebhookEventType[];
  /** Ids of entities; null: all of them, later ones too. */
  readonly entities: readonly string[] | null;
}

const covers = ({ enabled, entities }: WebhookCoverage, entityId: string): boolean =>
  enabled && (entities === null || entities.includes(entityId));

/** The events of an entity that some enabled webhook listens to. */
export function eventsOfEntity(
  webhooks: readonly WebhookCoverage[],
  entityId: string,
): readonly WebhookEventType[] {
  const covering = webhooks.filter((webhook) => covers(webhook, entityId));
  return WEBHOOK_EVENTS.filter((event) => covering.some(({ events }) => events.includes(event)));
}

/** The enabled webhooks that a write to an entity may concern: its own, and those of what its deletes reach. */
export function webhooksTouchedBy(
  webhooks: readonly WebhookCoverage[],
  catalog: Catalog,
  entityName: string,
): readonly WebhookCoverage[] {
  if (webhooks.length === 0) return webhooks;
  const reached = new Set([entityName]);
  for (const name of reached) {
    for (const { entity, column } of catalog.entities.get(name)?.inbound ?? []) {
      if (column.references?.onDelete !== "RESTRICT") reached.add(entity);
    }
  }
  const ids = [...reached].flatMap((name) => catalog.entities.get(name)?.id ?? []);
  return webhooks.filter((webhook) => ids.some((id) => covers(webhook, id)));
}
