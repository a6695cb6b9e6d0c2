import { NOTHING_TO_CHANGE, readChange } from "../../columns/relative-change.ts";
import type { ValidationContext } from "../../columns/validate-record.ts";
import type { Detail } from "../../errors/app-error.ts";
import { addDuration, parseDuration } from "../../lib/duration.ts";
import type { Column } from "../../model/column.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import type { WriteOperation } from "../../query/rules/plan-rules.ts";
import { readNaturalKey } from "./natural-key.ts";
import { contextFor, type RuleCondition } from "./rules.ts";

/** A body without computed values: changes relative to the stored value, and ids of records named by a key. */
export interface SeparatedBody {
  readonly body: JsonObject;
  /** The fields whose value the database computes, and their problems. */
  readonly context: ValidationContext;
  readonly changes: ReadonlyMap<Column, Statement>;
  /** Requirements of the changes. */
  readonly conditions: readonly RuleCondition[];
  /** How to show the records that references name by a key. */
  readonly named: ReadonlyMap<Column, string>;
}

interface Reading {
  readonly value?: JsonValue;
  readonly expression?: Statement;
  /** The problems of the field, or of parts of it. */
  readonly problem?: string;
  readonly details?: readonly Detail[];
}

/** Separates computed values of an update from the others. */
export const separateChanges = (target: RecordTarget, body: JsonObject, context: ValidationContext) =>
  separate(target, body, {
    context: contextFor(target, context, "update"),
    operation: "update",
    read: readUpdate,
  });

/** Replaces the changes in the body of a create by their result without a stored value. */
export const withoutChanges = (target: RecordTarget, body: JsonObject, context: ValidationContext) =>
  separate(target, body, {
    context: contextFor(target, context, "create"),
    operation: "create",
    read: readCreate,
  });

/** The same for the create of an upsert, whose body is meant as a change too. */
export const withoutChangesOfUpsert = (target: RecordTarget, body: JsonObject, context: ValidationContext) =>
  separate(target, body, {
    context: contextFor(target, context, "create"),
    operation: "create",
    read: readInitial,
  });

interface Separation {
  readonly context: ValidationContext;
  readonly operation: WriteOperation;
  read(column: Column, sent: JsonValue): Reading | undefined;
}

function separate(
  target: RecordTarget,
  body: JsonObject,
  { context, operation, read }: Separation,
): SeparatedBody {
  const changes = new Map<Column, Statement>();
  const computed = new Map<string, readonly Detail[]>();
  const conditions: RuleCondition[] = [];
  const named = new Map<Column, string>();
  let plain = body;
  /* By column: a body may have far more fields. */
  for (const column of target.stored.entity.columns) {
    const { name: field } = column;
    const sent = Object.hasOwn(body, field) ? body[field] : undefined;
    if (sent === undefined || !isJsonObject(sent)) continue;
    const key = readNaturalKey(target, column, { sent, operation });
    const isReadable = target.entity.columnByName.has(field);
    const change = () => (isReadable ? read(column, sent) : withoutStored(read(column, sent), sent));
    const reading: Reading | undefined = key ?? readTime(column, sent, context) ?? change();
    if (!reading) continue;
    const { value, expression, problem, details = [] } = reading;
    if (value !== undefined) plain = { ...plain, [field]: value };
    else computed.set(field, problem === undefined ? details : [{ field, message: problem, rule: "TYPE" }]);
    if (expression) changes.set(column, expression);
    if (!key || "details" in key) continue;
    conditions.push(key.found);
    named.set(column, key.shown);
  }
  const known = computed.size === 0 ? context : { ...context, computed };
  return { body: plain, changes, conditions, named, context: known };
}

/** A refusal would reveal the stored value of a field that may be written but not read. */
function withoutStored(reading: Reading | undefined, sent: JsonObject): Reading | undefined {
  if (!reading?.expression) return reading;
  const operator = Object.keys(sent).find((name) => name !== "$default");
  return { problem: `cannot be changed by ${operator}, because it cannot be read` };
}

function readUpdate(column: Column, sent: JsonValue): Reading | undefined {
  const change = readChange(column, sent);
  return change && ("problem" in change ? change : { expression: change.expression });
}

/** A create stores any object in a JSON column. */
const readCreate = (column: Column, sent: JsonValue): Reading | undefined =>
  column.type === "JSON" ? undefined : readInitial(column, sent);

function readInitial(column: Column, sent: JsonValue): Reading | undefined {
  const change = readChange(column, sent);
  if (!change || "problem" in change) return change;
  return change.initial === undefined ? { problem: NOTHING_TO_CHANGE } : { value: change.initial };
}

/** Years have four digits. */
const isStorable = (time: Date) => time.getUTCFullYear() >= 0 && time.getUTCFullYear() <= 9999;

/** `{"$now":"PT0S"}`: the request's time plus a duration. */
function readTime(column: Column, sent: JsonObject, { iso }: ValidationContext): Reading | undefined {
  if (column.type !== "DATETIME" || !Object.hasOwn(sent, "$now")) return undefined;
  if (Object.keys(sent).length > 1) return { problem: "takes $now alone" };
  const duration = typeof sent.$now === "string" ? parseDuration(sent.$now) : undefined;
  if (!duration) return { problem: "needs an ISO 8601 duration in $now, such as 'PT0S' or '-P1D'" };
  const time = addDuration(new Date(iso), duration);
  return isStorable(time) ? { value: time.toISOString() } : { problem: "is out of range" };
}
