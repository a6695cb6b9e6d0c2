import type { JsonObject, JsonValue } from "../model/json.ts";
import { type OutboxEvent, RECORDS_SENT, ROWS_SENT } from "../model/webhook.ts";

/** The record's relationships at delivery. */
export interface ExpandedRecord {
  /** Null if the record or the relationships no longer exist. */
  readonly expandedAt: string | null;
  readonly relationships: JsonObject;
}

/** The body for an event. Without expansions, it is the same text at every attempt. */
export function messageBody(event: OutboxEvent, expanded?: ExpandedRecord): string {
  const { organization, workspace, entity, type, recordId: id, previous, createdAt: timestamp } = event;
  const place = { organization, workspace, entity };
  if (event.isOmitted) {
    const data = { ...place, id, record: null, previous: null, omitted: true };
    return JSON.stringify({ type, timestamp, data });
  }
  if (type === ROWS_SENT) return event.record ?? "";
  if (type === RECORDS_SENT) {
    return JSON.stringify({ type, timestamp, data: { ...place, ...JSON.parse(event.record ?? "{}") } });
  }
  const record = joinParts(event.record);
  const shown = record && expanded ? { ...record, ...expanded.relationships } : record;
  const mark = expanded ? { expandedAt: expanded.expandedAt } : {};
  return JSON.stringify({
    type,
    timestamp,
    data: { ...place, id, record: shown, previous: joinParts(previous), ...mark },
  });
}

/** Returns the record of an event. The parts come from ddl/outbox-triggers.ts. */
export function joinParts(text: string | null): JsonObject | null {
  return text === null ? null : Object.assign({}, ...(JSON.parse(text) as JsonValue[]));
}
