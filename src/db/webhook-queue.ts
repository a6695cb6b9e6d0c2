import { asc, eq, type SQL, sql } from "drizzle-orm";
import type { Rows, Statement } from "../model/sql-value.ts";
import type { EventExpansions, EventFilters, OutboxEvent } from "../model/webhook.ts";
import { db, prepare, statementOf } from "./platform.ts";
import { organizations, workspaces } from "./tables/platform.ts";
import { webhookDeliveries, webhookEvents, webhooks } from "./tables/webhooks.ts";

/*
 * The queue of deliveries. Times are the database's own, so all senders share one clock. An attempt is made under a
 * lease, which expires if its holder dies.
 */

/** Longer than an attempt (15 s) after a slow database response. */
const LEASE_SECONDS = 35;
/** The total size of records in one claim, far below the database's limit of 10 MiB for a response. */
const MAX_CLAIM_BYTES = 1_000_000;
/**
 * The size of one message's records. JSON within JSON is at most twice as long. Events are far smaller, but chosen
 * records may not be.
 */
const MAX_MESSAGE_BYTES = 4_500_000;
const TOO_LARGE = `the event is larger than ${MAX_MESSAGE_BYTES} bytes`;
const SECONDS_KEPT = 30 * 24 * 60 * 60;

const NOW = sql`strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`;
const timeIn = (seconds: number) => sql`strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ${`${seconds} seconds`})`;
const statement = (text: SQL): Statement => statementOf(db.run(text));

const IS_DUE = sql`d.status = 'PENDING' AND d.next_attempt_at <= ${NOW} AND (d.leased_until IS NULL OR d.leased_until <= ${NOW})`;
/** A webhook that can receive a delivery now. */
const IS_READY = sql`w.enabled = 1 AND (w.paused_until IS NULL OR w.paused_until <= ${NOW})`;
const NEXT_NUMBER = sql`(SELECT coalesce(max(number), 0) + 1 FROM webhook_attempts WHERE delivery_id = d.id)`;

/** Ids of ready webhooks with due deliveries: those without failures first, then those that have waited longest. */
export const findDue = (limit: number) =>
  db
    .select({ id: sql<string>`w.id` })
    .from(
      sql`webhooks w JOIN webhook_deliveries f ON f.id = (
        SELECT d.id FROM webhook_deliveries d WHERE d.webhook_id = w.id AND ${IS_DUE} ORDER BY d.next_attempt_at LIMIT 1)`,
    )
    .where(IS_READY)
    .orderBy(sql`f.attempt_count > 0`, sql`f.next_attempt_at`)
    .limit(limit);

/** A delivery that this run may attempt. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly failures: number;
  readonly webhookId: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sealedSecrets: readonly string[];
  readonly filter: EventFilters | null;
  readonly expand: EventExpansions | null;
  readonly messageId: string;
  readonly event: OutboxEvent;
}

/**
 * Leases up to `limit` due deliveries of a webhook under a token. The last statement reads them, and `decode` reads
 * its rows. Deliveries that are too large to read are set to FAILED. A delivery waits for earlier ones of its record;
 * the due times set by `drizzle/0008_webhook_triggers.sql` ensure that, unless an earlier one is redelivered.
 */
export function claimDeliveries(webhookId: string, token: string, limit: number) {
  const leased = prepare(findLeased(token));
  return {
    statements: [...leaseStatements(webhookId, token, limit), leased.statement],
    decode: (rows: Rows | undefined): readonly ClaimedDelivery[] =>
      leased.decode(rows).map(({ sealedSecret, formerSecret, ...delivery }) => ({
        ...delivery,
        sealedSecrets: formerSecret === null ? [sealedSecret] : [sealedSecret, formerSecret],
      })),
  };
}

function leaseStatements(webhookId: string, token: string, limit: number): readonly Statement[] {
  const size = sql`coalesce(length(CAST(e.record AS BLOB)), 0) + coalesce(length(CAST(e.previous AS BLOB)), 0)`;
  const candidates = sql`SELECT d.id, d.event_id, d.next_attempt_at FROM webhook_deliveries d
    WHERE d.webhook_id = ${webhookId} AND ${IS_DUE}
      AND EXISTS (SELECT 1 FROM webhooks w WHERE w.id = d.webhook_id AND ${IS_READY})
      AND NOT EXISTS (
        SELECT 1 FROM webhook_deliveries p
        WHERE p.webhook_id = d.webhook_id AND p.entity_id = d.entity_id AND p.record_id = d.record_id
          AND p.status = 'PENDING' AND p.event_id < d.event_id)
    ORDER BY d.next_attempt_at, d.event_id LIMIT ${limit}`;
  const sized = sql`SELECT c.id, row_number() OVER in_order AS position, sum(${size}) OVER in_order AS bytes
    FROM (${candidates}) c JOIN webhook_events e ON e.id = c.event_id
    WINDOW in_order AS (ORDER BY c.next_attempt_at, c.event_id)`;
  const oversized = sql`SELECT c.id FROM (${candidates}) c JOIN webhook_events e ON e.id = c.event_id
    WHERE ${size} > ${MAX_MESSAGE_BYTES}`;
  return [
    sql`INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, error)
      SELECT d.id, ${NEXT_NUMBER}, ${NOW}, 0, ${TOO_LARGE} FROM webhook_deliveries d WHERE d.id IN (${oversized})`,
    sql`UPDATE webhook_deliveries SET status = 'FAILED', attempt_count = attempt_count + 1, next_attempt_at = NULL
      WHERE id IN (${oversized})`,
    sql`UPDATE webhook_deliveries SET lease_token = ${token}, leased_until = ${timeIn(LEASE_SECONDS)}
      WHERE id IN (SELECT id FROM (${sized}) WHERE position = 1 OR bytes <= ${MAX_CLAIM_BYTES})`,
  ].map(statement);
}

const findLeased = (token: string) =>
  db
    .select({
      id: webhookDeliveries.id,
      failures: webhookDeliveries.attemptCount,
      webhookId: webhooks.id,
      url: webhooks.url,
      headers: webhooks.headers,
      sealedSecret: webhooks.sealedSecret,
      formerSecret: sql<
        string | null
      >`CASE WHEN ${webhooks.formerSecretUntil} > ${NOW} THEN ${webhooks.formerSecret} END`,
      filter: webhooks.filter,
      expand: webhooks.expand,
      messageId: webhookEvents.messageId,
      event: {
        organization: organizations.slug,
        workspace: workspaces.slug,
        entity: webhookEvents.entityName,
        entityId: webhookEvents.entityId,
        type: webhookEvents.type,
        recordId: webhookEvents.recordId,
        record: webhookEvents.record,
        previous: webhookEvents.previous,
        isOmitted: webhookEvents.isOmitted,
        createdAt: webhookEvents.createdAt,
      },
    })
    .from(webhookDeliveries)
    .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
    .innerJoin(webhookEvents, eq(webhookEvents.id, webhookDeliveries.eventId))
    .innerJoin(workspaces, eq(workspaces.id, webhooks.workspaceId))
    .innerJoin(organizations, eq(organizations.id, workspaces.organizationId))
    .where(eq(webhookDeliveries.leaseToken, token))
    .orderBy(asc(webhookDeliveries.eventId));

/** The outcome of a claimed delivery, and the attempt that decided it. */
export interface Report {
  readonly deliveryId: string;
  readonly token: string;
  readonly status: "PENDING" | "SUCCEEDED" | "FAILED";
  /** For a delivery that will be retried. */
  readonly retryAfterSeconds?: number;
  /** How long the webhook gets nothing. */
  readonly pauseSeconds?: number;
  readonly attempt: {
    readonly at: string;
    readonly durationMs: number;
    readonly statusCode: number | null;
    readonly response: string | null;
    readonly error: string | null;
  };
}

/** The attempt is always recorded. The delivery changes only while the lease is still ours. */
export function reportStatements(report: Report): readonly Statement[] {
  const { deliveryId, token, status, retryAfterSeconds, pauseSeconds, attempt } = report;
  const { at, durationMs, statusCode, response, error } = attempt;
  const next = retryAfterSeconds === undefined ? null : timeIn(retryAfterSeconds);
  return [
    sql`INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, status_code, response, error)
      SELECT d.id, ${NEXT_NUMBER}, ${at}, ${durationMs}, ${statusCode}, ${response}, ${error}
      FROM webhook_deliveries d WHERE d.id = ${deliveryId}`,
    sql`UPDATE webhook_deliveries SET status = ${status}, attempt_count = attempt_count + 1, next_attempt_at = ${next},
        lease_token = NULL, leased_until = NULL
      WHERE id = ${deliveryId} AND lease_token = ${token}`,
    ...(pauseSeconds === undefined ? [] : [pauseOf(deliveryId, pauseSeconds)]),
  ].map(statement);
}

const pauseOf = (deliveryId: string, seconds: number) =>
  sql`UPDATE webhooks SET paused_until = max(coalesce(paused_until, ''), ${timeIn(seconds)})
    WHERE id = (SELECT webhook_id FROM webhook_deliveries WHERE id = ${deliveryId})`;

/**
 * Starts a new series of attempts. An unfinished one becomes due at once, unless it waits behind an earlier delivery of
 * its record. Returns a row unless the webhook has no such delivery.
 */
export const redeliverStatement = (deliveryId: string, webhookId: string): Statement =>
  statement(sql`UPDATE webhook_deliveries SET
      attempt_count = CASE status WHEN 'PENDING' THEN attempt_count ELSE 0 END,
      next_attempt_at = CASE WHEN status = 'PENDING' AND next_attempt_at IS NULL THEN NULL ELSE ${NOW} END,
      status = 'PENDING'
    WHERE id = ${deliveryId} AND webhook_id = ${webhookId} RETURNING id`);

/** Ends a pause that the webhook's receiver asked for. */
export const resumeStatement = (webhookId: string): Statement =>
  statement(
    sql`UPDATE webhooks SET paused_until = NULL WHERE id = ${webhookId} AND paused_until IS NOT NULL`,
  );

/** Removes a claimed delivery from the queue, so that the one behind it becomes due. */
export const dropStatement = (deliveryId: string, token: string): Statement =>
  statement(sql`DELETE FROM webhook_deliveries WHERE id = ${deliveryId} AND lease_token = ${token}`);

/** A message that somebody requested, for one webhook. */
export interface RequestedMessage {
  readonly webhookId: string;
  readonly deliveryId: string;
  readonly messageId: string;
  readonly type: string;
  readonly entityId: string;
  readonly entityName: string;
  /** JSON in the form that `webhook_events.record` has for the type. */
  readonly record: string;
}

/** The last statement returns a row unless the webhook was deleted. */
export function sendStatements(message: RequestedMessage): readonly Statement[] {
  const { webhookId, deliveryId, messageId, type, entityId, entityName, record } = message;
  return [
    sql`INSERT INTO webhook_events (workspace_id, message_id, type, entity_id, entity_name, record, created_at)
      SELECT workspace_id, ${messageId}, ${type}, ${entityId}, ${entityName}, ${record}, ${NOW}
      FROM webhooks WHERE id = ${webhookId}`,
    sql`INSERT INTO webhook_deliveries (id, webhook_id, event_id, entity_id, status, next_attempt_at, created_at)
      SELECT ${deliveryId}, id, last_insert_rowid(), ${entityId}, 'PENDING', ${NOW}, ${NOW}
      FROM webhooks WHERE id = ${webhookId} RETURNING id`,
  ].map(statement);
}

/** Deletes up to `limit` expired events with their deliveries. */
export const expireEventsStatement = (limit: number): Statement =>
  statement(sql`DELETE FROM webhook_events WHERE id IN (
    SELECT id FROM webhook_events WHERE created_at < ${timeIn(-SECONDS_KEPT)} LIMIT ${limit})`);
