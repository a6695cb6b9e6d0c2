import type { Catalog } from "./catalog.ts";
import type { JsonObject } from "./json.ts";

export const WEBHOOK_EVENTS = ["record.created", "record.updated", "record.deleted"] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENTS)[number];

/** Types of messages sent on request. They go to the named webhook; no webhook listens to them. */
export const RECORDS_SENT = "records.sent";
export const TEST_SENT = "webhook.test";
/** Records queued by an earlier version, as a complete message. */
export const ROWS_SENT = "rows.sent";

/** A webhook's filter by entity id, with column ids instead of names. */
export type EventFilters = Readonly<Record<string, JsonObject>>;
/** A webhook's expansions by entity id, with ids instead of names. */
export type EventExpansions = Readonly<Record<string, readonly string[]>>;

export const SIGNATURES = ["v1", "v1a"] as const;
/** `v1`: HMAC-SHA256 with a shared secret. `v1a`: Ed25519, verified with a public key. */
export type SignatureKind = (typeof SIGNATURES)[number];

/** A change as the outbox stores it. */
export interface OutboxEvent {
  readonly organization: string;
  readonly workspace: string;
  readonly entity: string;
  readonly entityId: string;
  readonly type: string;
  readonly recordId: string | number | null;
  /** JSON: parts of the record, or the `data` of chosen records. */
  readonly record: string | null;
  readonly previous: string | null;
  /** Whether the records are not stored, because they are too large or every delivery has succeeded. */
  readonly isOmitted: boolean;
  readonly createdAt: string;
}

export const DELIVERY_STATES = ["PENDING", "SUCCEEDED", "FAILED"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** The events that a webhook listens to. */
export interface WebhookCoverage {
  readonly id: string;
  readonly enabled: boolean;
  readonly events: readonly WebhookEventType[];
  /** Ids of entities; null for all, including later ones. */
  readonly entities: readonly string[] | null;
  /** Null for every change. */
  readonly filter: EventFilters | null;
  readonly expand: EventExpansions | null;
}

const covers = ({ enabled, entities }: WebhookCoverage, entityId: string): boolean =>
  enabled && (entities === null || entities.includes(entityId));

/** The events of an entity that enabled webhooks listen to. */
export function eventsOfEntity(
  webhooks: readonly WebhookCoverage[],
  entityId: string,
): readonly WebhookEventType[] {
  const covering = webhooks.filter((webhook) => covers(webhook, entityId));
  return WEBHOOK_EVENTS.filter((event) => covering.some(({ events }) => events.includes(event)));
}

/** The enabled webhooks that a write may concern: through its entity, nested creates, or cascading deletes. */
export function webhooksTouchedBy(
  webhooks: readonly WebhookCoverage[],
  catalog: Catalog,
  entityName: string,
): readonly WebhookCoverage[] {
  if (webhooks.length === 0) return webhooks;
  const reached = new Set([entityName]);
  for (const name of reached) {
    for (const { entity } of catalog.entities.get(name)?.inbound ?? []) reached.add(entity);
  }
  const ids = [...reached].flatMap((name) => catalog.entities.get(name)?.id ?? []);
  return webhooks.filter((webhook) => ids.some((id) => covers(webhook, id)));
}
