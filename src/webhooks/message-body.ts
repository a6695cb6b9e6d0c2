import type { JsonObject, JsonValue } from "../model/json.ts";
import { type OutboxEvent, ROWS_SENT } from "../model/webhook.ts";

/** What is sent for an event; the same text at every attempt. */
export function messageBody(event: OutboxEvent): string {
  const { organization, workspace, entity, type, recordId: id, record, previous, createdAt } = event;
  if (type === ROWS_SENT) return record ?? "";
  return JSON.stringify({
    type,
    timestamp: createdAt,
    data: { organization, workspace, entity, id, record: joinParts(record), previous: joinParts(previous) },
  });
}

/** See ddl/outbox-triggers.ts, which writes them. */
function joinParts(text: string | null): JsonValue {
  return text === null ? null : Object.assign({}, ...(JSON.parse(text) as JsonObject[]));
}
