import { NOTHING_TO_CHANGE, readChange } from "../../columns/relative-change.ts";
import type { ValidationContext } from "../../columns/validate-record.ts";
import { addDuration, parseDuration } from "../../lib/duration.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { Statement } from "../../model/sql-value.ts";

/** A body whose changes relative to the stored value are taken out of it. */
export interface SeparatedBody {
  readonly body: JsonObject;
  /** Knows the fields whose value the database computes, and what is wrong with them. */
  readonly context: ValidationContext;
  readonly changes: ReadonlyMap<Column, Statement>;
}

interface Reading {
  readonly value?: JsonValue;
  readonly expression?: Statement;
  readonly problem?: string;
}

/** Separates what an update computes from the stored value. */
export const separateChanges = (entity: Entity, body: JsonObject, context: ValidationContext) =>
  separate(entity, { body, context, read: readUpdate });

/** Replaces the changes in the body of a create by what they make of no value. */
export const withoutChanges = (entity: Entity, body: JsonObject, context: ValidationContext) =>
  separate(entity, { body, context, read: readCreate });

interface Separation {
  readonly body: JsonObject;
  readonly context: ValidationContext;
  read(column: Column, sent: JsonValue): Reading | undefined;
}

function separate(entity: Entity, { body, context, read }: Separation): SeparatedBody {
  const changes = new Map<Column, Statement>();
  const computed = new Map<string, readonly string[]>();
  let plain = body;
  for (const [field, sent] of Object.entries(body)) {
    if (!isJsonObject(sent)) continue;
    const column = entity.columnByName.get(field);
    const reading = column && (readTime(column, sent, context) ?? read(column, sent));
    if (!column || !reading) continue;
    const { value, expression, problem } = reading;
    if (value !== undefined) plain = { ...plain, [field]: value };
    else computed.set(field, problem === undefined ? [] : [problem]);
    if (expression) changes.set(column, expression);
  }
  return { body: plain, changes, context: computed.size === 0 ? context : { ...context, computed } };
}

function readUpdate(column: Column, sent: JsonValue): Reading | undefined {
  const change = readChange(column, sent);
  return change && ("problem" in change ? change : { expression: change.expression });
}

function readCreate(column: Column, sent: JsonValue): Reading | undefined {
  const change = readChange(column, sent);
  if (!change || column.type === "JSON") return undefined;
  if ("problem" in change) return change;
  return change.initial === undefined ? { problem: NOTHING_TO_CHANGE } : { value: change.initial };
}

/** Years have four digits. */
const isStorable = (time: Date) => time.getUTCFullYear() >= 0 && time.getUTCFullYear() <= 9999;

/** `{"$now":"PT0S"}`: the request's time, moved by a duration. */
function readTime(column: Column, sent: JsonObject, { iso }: ValidationContext): Reading | undefined {
  if (column.type !== "DATETIME" || !Object.hasOwn(sent, "$now") || Object.keys(sent).length > 1)
    return undefined;
  const duration = typeof sent.$now === "string" ? parseDuration(sent.$now) : undefined;
  if (!duration) return { problem: "needs an ISO 8601 duration in $now, such as 'PT0S' or '-P1D'" };
  const time = addDuration(new Date(iso), duration);
  return isStorable(time) ? { value: time.toISOString() } : { problem: "is out of range" };
}
