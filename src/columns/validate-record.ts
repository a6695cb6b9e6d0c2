import { type Detail, MAX_DETAILS } from "../errors/app-error.ts";
import type { Column } from "../model/column.ts";
import { constraintFields, type Entity } from "../model/entity.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";
import { checkEntityConstraints } from "./entity-constraints.ts";
import {
  compileFieldRule,
  type FieldRule,
  type Moment,
  requiredProblem,
  type ValueProblem,
} from "./field-rule.ts";
import { accept } from "./parsed.ts";
import { columnTypeOf, readBound } from "./registry.ts";

/** Input of a validation besides the body. */
export interface ValidationContext extends Moment {
  generateUuid(): string;
  /** Whether the client may send values for fields that the server sets. Null still leaves them to the server. */
  readonly takesTimestamps?: boolean;
  /** Whether this client may read but not write the column: a value is accepted only if it is the stored one. */
  isLocked?(column: Column): boolean;
  /** Fields whose value the database computes, each with its problems. */
  readonly computed?: ReadonlyMap<string, readonly Detail[]>;
  /** Whether the column does not exist for this client. */
  isHidden?(column: Column): boolean;
  /** Names that a body may have beside the columns, for the problem of an unknown one. */
  otherFields?(): readonly string[];
  /** JSON values that the server sets. */
  readonly presets?: ReadonlyMap<Column, JsonValue>;
  /** Fields with a placeholder for a value that only the database will know, each with the name of that value. */
  readonly pending?: ReadonlyMap<string, string>;
  /** Fields that refer to a record of the same transaction. */
  readonly made?: ReadonlySet<string>;
}

export type Validated =
  | {
      readonly ok: true;
      readonly values: ReadonlyMap<Column, SqlValue>;
      /** For an update: the read-only fields that were sent, each with the stored value that it must have. */
      readonly kept: readonly KeptField[];
    }
  /** Without details, because they would reveal a hidden field. */
  | { readonly ok: false; readonly details: readonly Detail[] };

export interface KeptField {
  readonly column: Column;
  readonly value: SqlValue;
  /** The message if another value is stored. */
  readonly message: string;
}

/** Checks bodies against one entity. Reports all problems together, in column order, unknown fields last. */
export interface RecordValidator {
  /** Returns values of all columns with defaults filled in; `id` only if it is sent or generated here. */
  validateCreate(body: JsonObject, now: ValidationContext): Validated;
  /**
   * Returns the sent values and those that the server writes with every update; nothing for `{}`. Without the parameter
   * `id`, a sent `id` is kept.
   */
  validateUpdate(body: JsonObject, id: SqlValue | undefined, now: ValidationContext): Validated;
}

const validators = new WeakMap<Entity, RecordValidator>();

/** Compiled once for each entity of a catalog. */
export function recordValidatorOf(entity: Entity): RecordValidator {
  const known = validators.get(entity);
  if (known) return known;
  const rules = entity.columns.map(compileFieldRule);
  const validator: RecordValidator = {
    validateCreate: (body, now) =>
      conclude(entity, body, readAll(rules, body, { now, absent: valueWhenAbsent })),
    validateUpdate(body, id, now) {
      const isTouching = Object.keys(body).length > 0;
      const absent: WhenAbsent = (column) => {
        if (!isTouching) return undefined;
        return column.autoSet === "UPDATE" ? { value: now.iso } : presetOf(column, now);
      };
      return conclude(entity, body, readAll(rules, body, { now, absent, existing: { id } }));
    },
  };
  validators.set(entity, validator);
  return validator;
}

type Reading =
  | { readonly value: SqlValue }
  | { readonly kept: KeptField }
  | { readonly problems: readonly ValueProblem[] }
  | { readonly details: readonly Detail[] }
  | undefined;
type WhenAbsent = (column: Column, now: ValidationContext) => Reading;

interface Circumstances {
  readonly now: ValidationContext;
  /** Decides the value of a column that is not sent; undefined leaves it out. */
  readonly absent: WhenAbsent;
  /** For an update: its record, and the only `id` that may be sent, if it is known. */
  readonly existing?: { readonly id: SqlValue | undefined };
}

interface Collected {
  readonly now: ValidationContext;
  readonly values: Map<Column, SqlValue>;
  readonly kept: KeptField[];
  readonly details: Detail[];
  /** Whether hidden columns have problems, which no detail may reveal. */
  hasOthers: boolean;
}

function readAll(rules: readonly FieldRule[], body: JsonObject, circumstances: Circumstances): Collected {
  const values = new Map<Column, SqlValue>();
  const { now } = circumstances;
  const collected: Collected = { now, values, kept: [], details: [], hasOthers: false };
  for (const rule of rules) {
    const { column } = rule;
    const isHidden = now.isHidden?.(column) ?? false;
    const reading = readField(rule, isHidden ? {} : body, circumstances);
    if (!reading) continue;
    if ("value" in reading) values.set(column, reading.value);
    else if ("kept" in reading) collected.kept.push(reading.kept);
    else if (isHidden) collected.hasOthers = true;
    else if ("details" in reading) collected.details.push(...reading.details);
    else collected.details.push(...reading.problems.map((problem) => ({ field: column.name, ...problem })));
  }
  return collected;
}

function readField(rule: FieldRule, body: JsonObject, { now, absent, existing }: Circumstances): Reading {
  const { column } = rule;
  const sent = Object.hasOwn(body, column.name) ? body[column.name] : undefined;
  const isId = column.name === "id";
  if (sent === undefined || (isId && sent === null)) return absent(column, now);
  if (column.autoSet && now.takesTimestamps && sent === null) return absent(column, now);
  if ((column.autoSet && !now.takesTimestamps) || now.isLocked?.(column))
    return existing ? readKept(sent, column, "is read-only") : readOnly("is read-only");
  const details = now.computed?.get(column.name);
  if (details) return details.length > 0 ? { details } : undefined;
  if (!isId || !existing) return rule.read(sent, now);
  const reading = readKept(sent, column, "cannot be changed");
  if (existing.id === undefined) return "problems" in reading ? rule.read(sent, now) : reading;
  if ("problems" in reading) return reading;
  return reading.kept.value === existing.id ? undefined : readOnly("cannot be changed");
}

const readOnly = (message: string) => ({ problems: [{ message, rule: "READ_ONLY" }] });

function readKept(sent: JsonValue, column: Column, message: string) {
  const parsed = sent === null ? accept(null) : readBound(sent, column);
  return parsed.ok ? { kept: { column, value: parsed.value, message } } : readOnly(message);
}

function presetOf(column: Column, { presets }: ValidationContext): Reading {
  const preset = presets?.get(column);
  if (preset === undefined || preset === null) return preset === null ? { value: null } : undefined;
  const parsed = columnTypeOf(column).parse(preset, column);
  return parsed.ok ? parsed : { problems: [{ message: parsed.message, rule: "TYPE" }] };
}

const valueWhenAbsent: WhenAbsent = (column, now) => {
  if (column.autoSet) return { value: now.iso };
  const preset = presetOf(column, now);
  if (preset) return preset;
  if (column.generated) return { value: now.generateUuid() };
  if (column.name === "id") return undefined;
  if (column.default !== undefined && column.default !== null) {
    const parsed = columnTypeOf(column).parse(column.default, column);
    if (parsed.ok) return parsed;
  }
  return column.nullable ? { value: null } : { problems: [requiredProblem(column.name)] };
};

function conclude(entity: Entity, body: JsonObject, collected: Collected): Validated {
  const { now, values, kept, details, hasOthers } = collected;
  const { pending, isHidden } = now;
  const known = pending ? new Map([...values].filter(([{ name }]) => !pending.has(name))) : values;
  const isUnknown = (field: string) => {
    const column = entity.columnByName.get(field);
    return column === undefined || (isHidden?.(column) ?? false);
  };
  /* The database enforces rules over hidden fields by itself. */
  const told = isHidden
    ? { ...entity, constraints: entity.constraints.filter((rule) => !constraintFields(rule).some(isUnknown)) }
    : entity;
  details.push(...checkEntityConstraints(told, known));
  const unknown = Object.keys(body).filter(isUnknown);
  if (unknown.length > 0) {
    const columns = [...entity.columnByName.keys()].filter((name) => !isUnknown(name));
    details.push(...unknownFields(entity, unknown, [...columns, ...(now.otherFields?.() ?? [])]));
  }
  return details.length > 0 || hasOthers ? { ok: false, details } : { ok: true, values, kept };
}

function unknownFields(
  entity: Entity,
  fields: readonly string[],
  known: readonly string[],
): readonly Detail[] {
  const problem = unknownProblem(entity, known);
  const details = fields.slice(0, MAX_DETAILS).map((field) => ({ field, ...problem }));
  const count = fields.length - details.length;
  return count > 0 ? [...details, { field: "", message: problem.message, count }] : details;
}

/** Says that an entity has no such field; `known` are the fields that the client may know. */
export const unknownProblem = ({ name }: Entity, known: readonly string[]) => ({
  message: `is not a field of ${name}`,
  rule: "UNKNOWN",
  known,
});
