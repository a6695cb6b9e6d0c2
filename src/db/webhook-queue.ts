import type { Rows, SqlValue, Statement } from "../model/sql-value.ts";
import type { EventExpansions, EventFilters, OutboxEvent } from "../model/webhook.ts";

/*
 * The queue of deliveries. Times are the database's own, so all senders share one clock. An attempt is made under a
 * lease, which expires by itself if its holder dies.
 */

/** Longer than an attempt (15 s) after a slow database response. */
const LEASE_SECONDS = 35;
/** The total size of records in one claim, far below the database's limit of 10 MiB for a response. */
const MAX_CLAIM_BYTES = 1_000_000;
/** The size of one message's records. JSON within JSON is at most twice as long. Events are far smaller, chosen records may not be. */
const MAX_MESSAGE_BYTES = 4_500_000;
const KEPT_DAYS = 30;

const timeIn = (modifier: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', 'now'${modifier})`;
const NOW = timeIn("");

const IS_DUE = `d.status = 'PENDING' AND d.next_attempt_at <= ${NOW} AND (d.leased_until IS NULL OR d.leased_until <= ${NOW})`;

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

/** A webhook that can receive a delivery now. */
const IS_READY = `w.enabled = 1 AND (w.paused_until IS NULL OR w.paused_until <= ${NOW})`;

/** Ids of ready webhooks with due deliveries: those without failures first, then those that have waited longest. */
export function findDueStatement(limit: number): Statement {
  return {
    sql: `SELECT w.id, f.attempt_count > 0 AS is_failing, f.next_attempt_at FROM webhooks w
      JOIN webhook_deliveries f ON f.id = (
        SELECT d.id FROM webhook_deliveries d WHERE d.webhook_id = w.id AND ${IS_DUE} ORDER BY d.next_attempt_at LIMIT 1)
      WHERE ${IS_READY} ORDER BY is_failing, f.next_attempt_at LIMIT ?`,
    args: [limit],
  };
}

/**
 * Leases up to `limit` due deliveries of a webhook under a token, and reads them. Deliveries that are too large to read
 * are set to FAILED. A delivery waits for earlier ones of its record; the due times set by
 * `drizzle/0008_webhook_triggers.sql` ensure that, unless an earlier one is redelivered.
 */
export function claimDeliveryStatements(
  webhookId: string,
  token: string,
  limit: number,
): readonly Statement[] {
  const bytesOf = (column: string) => `coalesce(length(CAST(${column} AS BLOB)), 0)`;
  const size = `${bytesOf("e.record")} + ${bytesOf("e.previous")}`;
  const candidates = `SELECT d.id, d.event_id, d.next_attempt_at FROM webhook_deliveries d
    WHERE d.webhook_id = ? AND ${IS_DUE}
      AND EXISTS (SELECT 1 FROM webhooks w WHERE w.id = d.webhook_id AND ${IS_READY})
      AND NOT EXISTS (
        SELECT 1 FROM webhook_deliveries p
        WHERE p.webhook_id = d.webhook_id AND p.entity_id = d.entity_id AND p.record_id = d.record_id
          AND p.status = 'PENDING' AND p.event_id < d.event_id)
    ORDER BY d.next_attempt_at, d.event_id LIMIT ?`;
  const sized = `SELECT c.id, row_number() OVER in_order AS position,
      sum(${size}) OVER in_order AS bytes
    FROM (${candidates}) c JOIN webhook_events e ON e.id = c.event_id
    WINDOW in_order AS (ORDER BY c.next_attempt_at, c.event_id)`;
  const oversized = `SELECT c.id FROM (${candidates}) c JOIN webhook_events e ON e.id = c.event_id
    WHERE ${size} > ${MAX_MESSAGE_BYTES}`;
  return [
    {
      sql: `INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, error)
        SELECT d.id, (SELECT coalesce(max(number), 0) + 1 FROM webhook_attempts WHERE delivery_id = d.id), ${NOW}, 0,
          'the event is larger than ${MAX_MESSAGE_BYTES} bytes'
        FROM webhook_deliveries d WHERE d.id IN (${oversized})`,
      args: [webhookId, limit],
    },
    {
      sql: `UPDATE webhook_deliveries SET status = 'FAILED', attempt_count = attempt_count + 1, next_attempt_at = NULL
        WHERE id IN (${oversized})`,
      args: [webhookId, limit],
    },
    {
      sql: `UPDATE webhook_deliveries SET lease_token = ?, leased_until = ${timeIn(`, '+${LEASE_SECONDS} seconds'`)}
        WHERE id IN (SELECT id FROM (${sized}) WHERE position = 1 OR bytes <= ${MAX_CLAIM_BYTES})`,
      args: [token, webhookId, limit],
    },
    {
      sql: `SELECT d.id, d.attempt_count, h.id, h.url, h.headers, h.sealed_secret, e.message_id, o.slug, w.slug,
          e.entity_name, e.type, e.record_id, e.record, e.previous, e.created_at,
          e.is_omitted, CASE WHEN h.former_secret_until > ${NOW} THEN h.former_secret END, h.filter, h.expand, e.entity_id
        FROM webhook_deliveries d
        JOIN webhooks h ON h.id = d.webhook_id
        JOIN webhook_events e ON e.id = d.event_id
        JOIN workspaces w ON w.id = h.workspace_id
        JOIN organizations o ON o.id = w.organization_id
        WHERE d.lease_token = ? ORDER BY d.event_id`,
      args: [token],
    },
  ];
}

export function decodeClaimed(rows: Rows): readonly ClaimedDelivery[] {
  return rows.map((row) => {
    const [id, failures, webhookId, url, headers, sealedSecret, messageId, ...event] = row;
    const [organization, workspace, entity, type, recordId, record, previous, createdAt, ...more] = event;
    const [isOmitted, ...chosen] = more;
    const [formerSecret, filter, expand, entityId] = chosen.map(textOrNull);
    return {
      id: String(id),
      failures: Number(failures),
      webhookId: String(webhookId),
      url: String(url),
      headers: JSON.parse(String(headers)),
      sealedSecrets: [String(sealedSecret), ...(formerSecret ? [formerSecret] : [])],
      filter: filter ? JSON.parse(filter) : null,
      expand: expand ? JSON.parse(expand) : null,
      messageId: String(messageId),
      event: {
        organization: String(organization),
        workspace: String(workspace),
        entity: String(entity),
        entityId: String(entityId),
        type: String(type),
        recordId: typeof recordId === "number" ? recordId : textOrNull(recordId),
        record: textOrNull(record),
        previous: textOrNull(previous),
        isOmitted: isOmitted === 1,
        createdAt: String(createdAt),
      },
    };
  });
}

const textOrNull = (value: SqlValue | undefined) =>
  value === null || value === undefined ? null : String(value);

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
  const next = retryAfterSeconds === undefined ? "NULL" : timeIn(", ?");
  return [
    {
      sql: `INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, status_code, response, error)
        SELECT d.id, (SELECT coalesce(max(number), 0) + 1 FROM webhook_attempts WHERE delivery_id = d.id), ?, ?, ?, ?, ?
        FROM webhook_deliveries d WHERE d.id = ?`,
      args: [attempt.at, attempt.durationMs, attempt.statusCode, attempt.response, attempt.error, deliveryId],
    },
    {
      sql: `UPDATE webhook_deliveries SET status = ?, attempt_count = attempt_count + 1, next_attempt_at = ${next},
          lease_token = NULL, leased_until = NULL
        WHERE id = ? AND lease_token = ?`,
      args: [
        status,
        ...(retryAfterSeconds === undefined ? [] : [`+${retryAfterSeconds} seconds`]),
        deliveryId,
        token,
      ],
    },
    ...(pauseSeconds === undefined ? [] : [pauseStatement(deliveryId, pauseSeconds)]),
  ];
}

const pauseStatement = (deliveryId: string, seconds: number): Statement => ({
  sql: `UPDATE webhooks SET paused_until = max(coalesce(paused_until, ''), ${timeIn(", ?")})
    WHERE id = (SELECT webhook_id FROM webhook_deliveries WHERE id = ?)`,
  args: [`+${seconds} seconds`, deliveryId],
});

/**
 * Starts a new series of attempts. An unfinished one becomes due at once, unless it waits behind an earlier delivery of
 * its record. Returns a row unless the webhook has no such delivery.
 */
export function redeliverStatement(deliveryId: string, webhookId: string): Statement {
  return {
    sql: `UPDATE webhook_deliveries SET
        attempt_count = CASE status WHEN 'PENDING' THEN attempt_count ELSE 0 END,
        next_attempt_at = CASE WHEN status = 'PENDING' AND next_attempt_at IS NULL THEN NULL ELSE ${NOW} END,
        status = 'PENDING'
      WHERE id = ? AND webhook_id = ? RETURNING id`,
    args: [deliveryId, webhookId],
  };
}

/** Ends a pause that the webhook's receiver asked for. */
export const resumeStatement = (webhookId: string): Statement => ({
  sql: "UPDATE webhooks SET paused_until = NULL WHERE id = ? AND paused_until IS NOT NULL",
  args: [webhookId],
});

/** Removes a claimed delivery from the queue, so that the one behind it becomes due. */
export const dropStatement = (deliveryId: string, token: string): Statement => ({
  sql: "DELETE FROM webhook_deliveries WHERE id = ? AND lease_token = ?",
  args: [deliveryId, token],
});

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
    {
      sql: `INSERT INTO webhook_events (workspace_id, message_id, type, entity_id, entity_name, record, created_at)
        SELECT workspace_id, ?, ?, ?, ?, ?, ${NOW} FROM webhooks WHERE id = ?`,
      args: [messageId, type, entityId, entityName, record, webhookId],
    },
    {
      sql: `INSERT INTO webhook_deliveries (id, webhook_id, event_id, entity_id, status, next_attempt_at, created_at)
        SELECT ?, id, last_insert_rowid(), ?, 'PENDING', ${NOW}, ${NOW} FROM webhooks WHERE id = ? RETURNING id`,
      args: [deliveryId, entityId, webhookId],
    },
  ];
}

/** Deletes up to `limit` expired events with their deliveries. */
export const expireEventsStatement = (limit: number): Statement => ({
  sql: `DELETE FROM webhook_events WHERE id IN (
      SELECT id FROM webhook_events WHERE created_at < ${timeIn(`, '-${KEPT_DAYS} days'`)} LIMIT ?)`,
  args: [limit],
});
