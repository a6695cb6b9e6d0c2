import { PatternBudget } from "../../columns/pattern-budget.ts";
import { columnTypeOf } from "../../columns/registry.ts";
import type { ValidationContext } from "../../columns/validate-record.ts";
import { badRequest, validationFailed } from "../../errors/api-errors.ts";
import { AppError, type Detail, RequestError } from "../../errors/app-error.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { MAX_COPIED_LENGTH } from "../../query/limits.ts";
import type { Assigned, Assignments } from "../sql/assignments.ts";
import type { RecordCount } from "./nested-records.ts";
import type { PlannedWrite } from "./planned-write.ts";

/** An operation that later ones may refer to. */
export interface NamedOperation {
  readonly entity: Entity;
  readonly write: Pick<PlannedWrite, "id" | "values">;
  readonly pending: ResolvedBody["pending"];
  /** As it was sent. */
  readonly body?: JsonObject;
}

/** The operations before the current one, and what is left of the budgets that they share. */
export interface EarlierOperations extends RecordCount {
  readonly named: Map<string, NamedOperation>;
  /** Characters that references have copied so far. */
  copiedLength: number;
  /** The remaining pattern budget of all operations. */
  readonly patterns: PatternBudget;
}

/** The start of a request that writes this many records. */
export const noneEarlier = (records: number): EarlierOperations => ({
  named: new Map(),
  records,
  copiedLength: 0,
  patterns: new PatternBudget(),
});

export interface ResolvedBody {
  readonly body: JsonObject;
  /** Fields that get the id of an earlier operation, which only the database will know, with that operation's name. */
  readonly pending: ReadonlyMap<string, string>;
  /** Fields that refer to a record of the same transaction by its known id. */
  readonly made: ReadonlySet<string>;
  readonly details: readonly Detail[];
}

/** A body without references. */
export const unresolved = (body: JsonObject): ResolvedBody => ({
  body,
  pending: new Map(),
  made: new Set(),
  details: [],
});

/** A placeholder for an id while a body is validated. The statement gets the real id. */
const STAND_IN_ID = 1;

/**
 * Replaces each `{"$ref":"order.id"}` in a body by its value if that is known before the database is asked, and each
 * `{"$literal":…}` by its content. Values of JSON columns stay the same. Throws BAD_REQUEST if references copy too
 * much.
 */
export function resolveReferences(
  entity: Entity,
  body: JsonObject,
  earlier: EarlierOperations,
): ResolvedBody {
  const pending = new Map<string, string>();
  const made = new Set<string>();
  const details: Detail[] = [];
  const resolve = (own: Column, value: JsonValue): JsonValue => {
    const { name: field } = own;
    if (own.type === "JSON") return value;
    const literal = onlyValueIn(value, "$literal");
    if (literal !== undefined) return literal;
    const reference = onlyValueIn(value, "$ref");
    if (typeof reference !== "string") return value;
    const [, name = "", source = ""] = REFERENCE.exec(reference) ?? [];
    const known = earlier.named.get(name);
    const column = known?.entity.columnByName.get(source);
    if (!known || !column) {
      details.push({ field, message: `refers to '${reference}', which no earlier operation has` });
      return null;
    }
    const maker = source === "id" && known.write.id === undefined ? name : known.pending.get(source);
    if (maker !== undefined) {
      details.push(...problemsOfPending(own, maker));
      pending.set(field, maker);
      return STAND_IN_ID;
    }
    if (source === "id") made.add(field);
    const stored = source === "id" ? known.write.id : known.write.values.get(column);
    if (typeof stored === "string") earlier.copiedLength += stored.length;
    if (earlier.copiedLength > MAX_COPIED_LENGTH)
      throw badRequest(`References copy more than ${MAX_COPIED_LENGTH} characters`);
    if (stored === undefined)
      details.push({ field, message: `refers to '${reference}', ${whyUnknown(known, source)}` });
    return stored === undefined || stored === null ? null : columnTypeOf(column).toJson(stored, column);
  };
  const resolved = entity.columns.flatMap((column) => {
    const value = Object.hasOwn(body, column.name) ? body[column.name] : undefined;
    return value === undefined ? [] : [[column.name, resolve(column, value)]];
  });
  return { body: { ...body, ...Object.fromEntries(resolved) }, pending, made, details };
}

/** Adds a column to the body that refers to the record of an earlier operation. */
export function referTo(
  { body, pending, made, details }: ResolvedBody,
  column: Column,
  { name, maker }: { readonly name: string; readonly maker: NamedOperation },
): ResolvedBody {
  const { id } = maker.write;
  const field = column.name;
  if (id === undefined || id === null)
    return {
      body: { ...body, [field]: STAND_IN_ID },
      pending: new Map([...pending, [field, name]]),
      made,
      details: [...details, ...problemsOfPending(column, name)],
    };
  const value = columnTypeOf(column).toJson(id, column);
  return { body: { ...body, [field]: value }, pending, made: new Set([...made, field]), details };
}

/** Problems of references replace the validation's problems of the same fields. */
export function collecting(details: readonly Detail[], plan: () => PlannedWrite): PlannedWrite {
  if (details.length === 0) return plan();
  const fields = new Set(details.map(({ field }) => field));
  let others: readonly Detail[] = [];
  try {
    plan();
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown instanceof RequestError) throw thrown;
    others = (thrown.details ?? []).filter(({ field }) => !fields.has(field));
  }
  throw validationFailed([...details, ...others]);
}

/** `order.id`. */
const REFERENCE = /^([^.#/]+)\.([^.#/]+)$/;

/** Says why the value of an operation's field is not known. */
const whyUnknown = ({ body = {} }: NamedOperation, field: string) =>
  Object.hasOwn(body, field)
    ? "whose value only the database knows — repeat what its operation sends"
    : "which its operation does not send";

const problemsOfPending = (column: Column, maker: string): readonly Detail[] =>
  takesPendingId(column)
    ? []
    : [{ field: column.name, message: `cannot take the id of '${maker}', which is not known yet` }];

/** Whether any id can be stored unchanged, without a rule that would need its value. */
const takesPendingId = ({ name, type, constraints }: Column) =>
  type === "INTEGER" && name !== "id" && constraints.length === 0;

/** The value of an object's only key. */
function onlyValueIn(value: JsonValue, key: string): JsonValue | undefined {
  if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
  return Object.keys(value).length === 1 ? value[key] : undefined;
}

/** A statement that remembers a record's id under a name, for later steps of the same transaction. */
export interface Remembering {
  readonly statement: Statement;
  /** Whether it comes before the write of the record instead of after it. */
  readonly isBefore: boolean;
}

const REMEMBER = "INSERT INTO transaction_results (name, record_id)";

/** Remembers the id of the preceding insert. */
export const rememberInserted = (name: string): Remembering => ({
  statement: { sql: `${REMEMBER} VALUES (?, last_insert_rowid())`, args: [name] },
  isBefore: false,
});

/** Remembers the id that a query finds now, because the write may change the values that find it. */
export const rememberFound = (name: string, { sql, args }: Statement): Remembering => ({
  statement: { sql: `${REMEMBER} SELECT ?, (${sql})`, args: [name, ...args] },
  isBefore: true,
});

export const FORGET_IDS: Statement = { sql: "DELETE FROM transaction_results", args: [] };

export const rememberedId = (name: string): Statement => ({
  sql: "(SELECT record_id FROM transaction_results WHERE name = ?)",
  args: [name],
});

/** The values with the remembered ids of earlier operations in place of their placeholders, by field. */
export function withRememberedIds(
  values: ReadonlyMap<Column, SqlValue>,
  pending: ValidationContext["pending"],
): Assignments {
  if (!pending || pending.size === 0) return values;
  const assigned = new Map<Column, Assigned>(values);
  for (const column of values.keys()) {
    const name = pending.get(column.name);
    if (name !== undefined) assigned.set(column, rememberedId(name));
  }
  return assigned;
}
