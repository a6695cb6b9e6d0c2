import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import {
  DELIVERY_STATES,
  type EventExpansions,
  type EventFilters,
  type WebhookEventType,
} from "../../model/webhook.ts";
import { workspaces } from "./platform.ts";

/* The transactional outbox: filled by triggers alone (drizzle/, ddl/outbox-triggers.ts), emptied by deliveries. */

export const webhooks = sqliteTable(
  "webhooks",
  {
    id: text().primaryKey(),
    workspaceId: integer("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    name: text().notNull(),
    url: text().notNull(),
    events: text({ mode: "json" }).$type<readonly WebhookEventType[]>().notNull(),
    /** Ids of entities, so that a rename follows; null: all of them, later ones too. */
    entities: text({ mode: "json" }).$type<readonly string[]>(),
    headers: text({ mode: "json" }).$type<Readonly<Record<string, string>>>().notNull(),
    enabled: integer({ mode: "boolean" }).notNull(),
    /** Encrypted; see webhooks/secret-box.ts. */
    sealedSecret: text("sealed_secret").notNull(),
    /** The secret before the last rotation, encrypted, which signs too until its grace period ends. */
    formerSecret: text("former_secret"),
    formerSecretUntil: text("former_secret_until"),
    /** Verifies Ed25519 signatures; null when the secret is shared and signs HMAC. */
    publicKey: text("public_key"),
    /** By the id of each entity; see webhooks/event-filter.ts. */
    filter: text({ mode: "json" }).$type<EventFilters>(),
    /** By the id of each entity: relationships to expand at delivery, as ids of columns. */
    expand: text({ mode: "json" }).$type<EventExpansions>(),
    /** The receiver asked for a pause until then. */
    pausedUntil: text("paused_until"),
    createdAt: text("created_at").notNull(),
    updatedAt: text("updated_at").notNull(),
  },
  (table) => [index("webhooks_workspace").on(table.workspaceId)],
);

/** One change of one record, written in the transaction of the change; or rows that somebody chose to send. */
export const webhookEvents = sqliteTable(
  "webhook_events",
  {
    /** Their order is the order of the changes. */
    id: integer().primaryKey({ autoIncrement: true }),
    workspaceId: integer("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    /** The `webhook-id` of every delivery and of each of its attempts. */
    messageId: text("message_id").notNull(),
    type: text().notNull(),
    entityId: text("entity_id").notNull(),
    /** At the time of the change. */
    entityName: text("entity_name").notNull(),
    /** An integer or, where ids are UUIDs, a text. Null for chosen rows. */
    recordId: integer("record_id"),
    /** JSON: an array of objects that together are the record, because SQLite's functions take few arguments. */
    record: text(),
    previous: text(),
    createdAt: text("created_at").notNull(),
  },
  (table) => [
    index("webhook_events_created").on(table.createdAt),
    index("webhook_events_workspace").on(table.workspaceId),
  ],
);

export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    id: text().primaryKey(),
    webhookId: text("webhook_id")
      .notNull()
      .references(() => webhooks.id, { onDelete: "cascade" }),
    eventId: integer("event_id")
      .notNull()
      .references(() => webhookEvents.id, { onDelete: "cascade" }),
    /** Of the event, for the order per record. */
    entityId: text("entity_id").notNull(),
    recordId: integer("record_id"),
    status: text({ enum: DELIVERY_STATES }).notNull(),
    /** Of the running series: a redelivery begins a new one. */
    attemptCount: integer("attempt_count").notNull().default(0),
    /** Null: finished, or behind an earlier delivery of the same record. */
    nextAttemptAt: text("next_attempt_at"),
    /** Who is attempting it, and until when nobody else may. */
    leaseToken: text("lease_token"),
    leasedUntil: text("leased_until"),
    createdAt: text("created_at").notNull(),
  },
  (table) => [
    index("webhook_deliveries_due").on(table.webhookId, table.nextAttemptAt).where(sql`status = 'PENDING'`),
    index("webhook_deliveries_record")
      .on(table.webhookId, table.entityId, table.recordId, table.eventId)
      .where(sql`status = 'PENDING'`),
    index("webhook_deliveries_lease").on(table.leaseToken).where(sql`lease_token IS NOT NULL`),
    index("webhook_deliveries_webhook").on(table.webhookId, table.eventId),
    index("webhook_deliveries_event").on(table.eventId),
  ],
);

export const webhookAttempts = sqliteTable(
  "webhook_attempts",
  {
    deliveryId: text("delivery_id")
      .notNull()
      .references(() => webhookDeliveries.id, { onDelete: "cascade" }),
    /** From 1, over all series. */
    number: integer().notNull(),
    at: text().notNull(),
    durationMs: integer("duration_ms").notNull(),
    /** Null: no answer. */
    statusCode: integer("status_code"),
    /** The beginning of the answer's body. */
    response: text(),
    /** Why there was no answer. */
    error: text(),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.number] })],
);
