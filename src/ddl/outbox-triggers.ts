import type { ColumnFamily } from "../columns/column-type.ts";
import { columnTypeOf } from "../columns/registry.ts";
import { hasLength } from "../columns/text.ts";
import type { Column } from "../model/column.ts";
import type { Entity } from "../model/entity.ts";
import { MAX_EVENT_BYTES } from "../model/kept-bytes.ts";
import { quoteName } from "../model/names.ts";
import type { Statement } from "../model/sql-value.ts";
import { eventsOfEntity, type WebhookCoverage, type WebhookEventType } from "../model/webhook.ts";
import type { SchemaPair } from "./pair-schemas.ts";
import { literal, statement } from "./sql-text.ts";

/** SQLite's functions take at most 127 arguments, two per field. A wider record is written in parts. */
const FIELDS_PER_PART = 60;

/** Types whose canonical text is JSON already. */
const LITERAL_FAMILIES: ReadonlySet<ColumnFamily> = new Set(["number", "boolean", "json"]);

interface TriggerShape {
  /** The DML statement, which is also part of the trigger's name. */
  readonly on: "INSERT" | "UPDATE" | "DELETE";
  readonly current: "NEW" | null;
  readonly previous: "OLD" | null;
}

const shapeOf: Readonly<Record<WebhookEventType, TriggerShape>> = {
  "record.created": { on: "INSERT", current: "NEW", previous: null },
  "record.updated": { on: "UPDATE", current: "NEW", previous: "OLD" },
  "record.deleted": { on: "DELETE", current: null, previous: "OLD" },
};

/** Derived from the entity's id, so it survives renames of the entity and its table. */
const triggerName = ({ id }: Pick<Entity, "id">, { on }: TriggerShape): string =>
  quoteName(`webhook_${id}_${on.toLowerCase()}`);

function compileDropOutboxTriggers(entity: Pick<Entity, "id">): readonly Statement[] {
  return Object.values(shapeOf).map((shape) =>
    statement(`DROP TRIGGER IF EXISTS ${triggerName(entity, shape)}`),
  );
}

/**
 * Replaces the triggers of an entity's table by those for the events that some webhook listens to. They write to
 * `webhook_events` in the transaction of the change, so they see cascades too.
 */
export function compileOutboxTriggers(
  workspaceId: number,
  entity: Entity,
  events: readonly WebhookEventType[],
): readonly Statement[] {
  const created = events.map((event) => statement(triggerText(workspaceId, entity, event)));
  return [...compileDropOutboxTriggers(entity), ...created];
}

/**
 * The triggers that a schema change must drop before it touches tables, and create again afterwards: those of every
 * entity whose definition differs.
 */
export function compileOutboxChange(
  { before, after }: SchemaPair,
  webhooks: readonly WebhookCoverage[],
): Readonly<Record<"taken" | "made", readonly Statement[]>> {
  const known = new Map([...before.entities.values()].map(({ definition }) => [definition.id, definition]));
  const changed = [...after.entities.values()].filter(({ id, definition }) => {
    return JSON.stringify(known.get(id)) !== JSON.stringify(definition);
  });
  const watched = changed.filter(({ id }) => eventsOfEntity(webhooks, id).length > 0);
  return {
    taken: watched.flatMap(compileDropOutboxTriggers),
    made: watched.flatMap((entity) => {
      return compileOutboxTriggers(after.workspaceId, entity, eventsOfEntity(webhooks, entity.id));
    }),
  };
}

function triggerText(workspaceId: number, entity: Entity, event: WebhookEventType): string {
  const shape = shapeOf[event];
  const { on, current, previous } = shape;
  const values = [
    String(workspaceId),
    "'msg_' || lower(hex(randomblob(16)))",
    literal(event),
    literal(entity.id),
    `(SELECT name FROM entities WHERE id = ${literal(entity.id)})`,
    `${current ?? previous}."id"`,
    current ? `CASE WHEN is_small THEN ${recordJson(entity, current)} END` : "NULL",
    previous ? `CASE WHEN is_small THEN ${recordJson(entity, previous)} END` : "NULL",
    "NOT is_small",
    "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
  ];
  const rows = [current, previous].filter((row) => row !== null);
  const isSmall = `${rows.map((row) => bytesOf(entity, row)).join(" + ")} <= ${MAX_EVENT_BYTES}`;
  const condition = on === "UPDATE" ? ` WHEN ${isChanged(entity)}` : "";
  return `CREATE TRIGGER ${triggerName(entity, shape)} AFTER ${on} ON ${quoteName(entity.physicalTable)}${condition} BEGIN
    INSERT INTO webhook_events
      (workspace_id, message_id, type, entity_id, entity_name, record_id, record, previous, is_omitted, created_at)
    SELECT ${values.join(", ")} FROM (SELECT ${isSmall} AS is_small);
  END`;
}

/** Measures the stored texts, because making the JSON of a large record takes long. Other values take few bytes. */
function bytesOf({ columns }: Entity, row: "NEW" | "OLD"): string {
  const sizes = columns
    .filter(hasLength)
    .map(({ columnName }) => `length(CAST(${row}.${quoteName(columnName)} AS BLOB))`);
  return ["0", ...sizes.map((size) => `coalesce(${size}, 0)`)].join(" + ");
}

/** A write that changes no field, and so only the ETag, sends no event. */
function isChanged({ columns }: Entity): string {
  return columns
    .map(({ columnName }) => `NEW.${quoteName(columnName)} IS NOT OLD.${quoteName(columnName)}`)
    .join(" OR ");
}

/** The row as the API returns it: a JSON array of objects that together form the record. */
function recordJson({ columns }: Entity, row: "NEW" | "OLD"): string {
  const fields = columns.map((column) => {
    const stored = `${row}.${quoteName(column.columnName)}`;
    return `${literal(column.name)}, ${fieldJson(stored, column)}`;
  });
  const parts: string[] = [];
  for (let start = 0; start < fields.length; start += FIELDS_PER_PART) {
    parts.push(`json_object(${fields.slice(start, start + FIELDS_PER_PART).join(", ")})`);
  }
  return `json_array(${parts.join(", ")})`;
}

/** An argument of `json_object` that yields the field as the API returns it. */
function fieldJson(stored: string, column: Column): string {
  const { family, jsonTransport, conversion } = columnTypeOf(column);
  if (jsonTransport === "TEXT") return `CAST(${stored} AS TEXT)`;
  if (!LITERAL_FAMILIES.has(family)) return stored;
  return `json(CASE WHEN ${stored} IS NOT NULL THEN ${conversion.toText(stored, column)} END)`;
}
