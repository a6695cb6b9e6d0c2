import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import {
  DELIVERY_STATES,
  type EventExpansions,
  type EventFilters,
  type WebhookEventType,
} from "../../model/webhook.ts";
import { workspaces } from "./platform.ts";

/* The transactional outbox. Only triggers write to it (drizzle/, ddl/outbox-triggers.ts), and deliveries empty it. */

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
    /** Ids of entities, so that renames follow. Null means all, including later ones. */
    entities: text({ mode: "json" }).$type<readonly string[]>(),
    headers: text({ mode: "json" }).$type<Readonly<Record<string, string>>>().notNull(),
    enabled: integer({ mode: "boolean" }).notNull(),
    /** Encrypted; see webhooks/secret-box.ts. */
    sealedSecret: text("sealed_secret").notNull(),
    /** The secret before the last rotation, encrypted. It also signs until its grace period ends. */
    formerSecret: text("former_secret"),
    formerSecretUntil: text("former_secret_until"),
    /** Verifies Ed25519 signatures; null if the secret is shared and signs HMAC. */
    publicKey: text("public_key"),
    /** By entity id; see webhooks/event-filter.ts. */
    filter: text({ mode: "json" }).$type<EventFilters>(),
    /** By entity id: relationships to expand at delivery, as column ids. */
    expand: text({ mode: "json" }).$type<EventExpansions>(),
    /** The receiver asked for a pause until this time. */
    pausedUntil: text("paused_until"),
    createdAt: text("created_at").notNull(),
    updatedAt: text("updated_at").notNull(),
  },
  (table) => [index("webhooks_workspace").on(table.workspaceId)],
);

/** A change of one record, written in the change's transaction; or records that somebody chose to send. */
export const webhookEvents = sqliteTable(
  "webhook_events",
  {
    /** Orders the changes. */
    id: integer().primaryKey({ autoIncrement: true }),
    workspaceId: integer("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    /** The `webhook-id` of every delivery and all of its attempts. */
    messageId: text("message_id").notNull(),
    type: text().notNull(),
    entityId: text("entity_id").notNull(),
    /** At the time of the change. */
    entityName: text("entity_name").notNull(),
    /** A text where ids are UUIDs. Null for chosen records. */
    recordId: integer("record_id").$type<number | string>(),
    /** JSON: an array of objects that together form the record, because SQLite's functions take few arguments. */
    record: text(),
    previous: text(),
    /** Why both are null: they are larger than an event may be, or every delivery has succeeded. */
    isOmitted: integer("is_omitted", { mode: "boolean" }).notNull().default(false),
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
    /** Copied from the event, for the order per record. */
    entityId: text("entity_id").notNull(),
    recordId: integer("record_id").$type<number | string>(),
    status: text({ enum: DELIVERY_STATES }).notNull(),
    /** Attempts of the current series. A redelivery starts a new one. */
    attemptCount: integer("attempt_count").notNull().default(0),
    /** Null if finished, or behind an earlier delivery of the same record. */
    nextAttemptAt: text("next_attempt_at"),
    /** The holder of the lease on the attempt, and when the lease ends. */
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
    /** Counted from 1 over all series. */
    number: integer().notNull(),
    at: text().notNull(),
    durationMs: integer("duration_ms").notNull(),
    /** Null if there was no response. */
    statusCode: integer("status_code"),
    /** The beginning of the response body. */
    response: text(),
    /** Why there was no response. */
    error: text(),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.number] })],
);
