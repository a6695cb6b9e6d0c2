import { tooManyRecords } from "../../errors/api-errors.ts";
import { AppError, type Detail, RequestError, withPrefix } from "../../errors/app-error.ts";
import type { Column } from "../../model/column.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { PlanningView } from "../../model/workspace.ts";
import { MAX_BATCH_ITEMS } from "../../query/limits.ts";
import type { Hop } from "../../query/plan/predicate.ts";
import { findHop } from "../../query/plan/resolve-path.ts";
import { type RecordTarget, targetIn } from "../../query/plan/target-in.ts";

/** A record of a body: the body itself, or one that is nested in it. */
export interface BodyRecord {
  readonly target: RecordTarget;
  /** Its place in the body: empty for the body itself, else `lines[0]` or `lines[0].discounts[1]`. */
  readonly path: string;
  /** Without the records that are nested in it. */
  readonly body: JsonObject;
  /** Problems of the arrays that contain nested records. */
  readonly details: readonly Detail[];
  /** The record that it is nested in, and the column that refers to it. */
  readonly owner?: { readonly record: BodyRecord; readonly column: Column };
  /** The column that stores the value at `path`. Only a link to an existing record has one. */
  readonly linked?: Column;
}

/** How many records a request writes, nested ones included. */
export interface RecordCount {
  records: number;
}

type Raw = Omit<BodyRecord, "details">;

/** The fields of a body that can contain nested records. */
export const nestableIn = (target: RecordTarget): readonly string[] =>
  [...target.entity.relationships.keys()].filter((field) => isToMany(findHop(target, field)));

const isToMany = (hop: Hop | undefined): hop is Hop =>
  hop !== undefined && hop.relationship.kind !== "TO_ONE";

/** Finds the fields of a body that contain nested records: relationships to many. */
export function nestedIn({ target, body }: Pick<Raw, "target" | "body">) {
  /* By relationship: a body may have far more fields. */
  return [...target.entity.relationships.keys()].flatMap((field) => {
    const value = Object.hasOwn(body, field) ? body[field] : undefined;
    const hop = value === undefined ? undefined : findHop(target, field);
    return value !== undefined && isToMany(hop) ? [{ field, value, hop }] : [];
  });
}

/**
 * Lists the record of a body and all nested records, each after the record that it is nested in. Throws FORBIDDEN if one
 * may not be created, BAD_REQUEST if there are too many.
 */
export function recordsIn(planning: PlanningView, root: Raw, count: RecordCount): readonly BodyRecord[] {
  const nested = nestedIn(root);
  if (nested.length === 0) return [{ ...root, details: [] }];
  const body: { [field: string]: JsonValue } = { ...root.body };
  for (const { field } of nested) delete body[field];
  const details: Detail[] = [];
  const record: BodyRecord = { ...root, body, details };
  const others = nested.flatMap(({ field, value, hop }) => {
    if (!Array.isArray(value)) details.push({ field, message: "must be an array", rule: "TYPE" });
    const items: readonly JsonValue[] = Array.isArray(value) ? value : [];
    count.records += items.length;
    if (count.records > MAX_BATCH_ITEMS) throw tooManyRecords(MAX_BATCH_ITEMS);
    const { rows, problems } = readItems(planning, record, { field, items, hop });
    details.push(...problems);
    return rows.flatMap((row) => recordsIn(planning, row, count));
  });
  return [record, ...others];
}

interface Items {
  readonly field: string;
  readonly items: readonly JsonValue[];
  readonly hop: Hop;
}

function readItems(planning: PlanningView, record: BodyRecord, { field, items, hop }: Items) {
  const problems: Detail[] = [];
  const rows: Raw[] = [];
  const { relationship } = hop;
  if (items.length === 0 || relationship.kind === "TO_ONE") return { rows, problems };
  const below = record.path === "" ? field : `${record.path}.${field}`;
  const target = targetOfNested(planning, below, (hop.through ?? hop.entity).name);
  const isLink = relationship.kind === "MANY_TO_MANY";
  const column = isLink ? relationship.sourceColumn : relationship.targetColumn;
  for (const [index, item] of items.entries()) {
    const place = `${field}[${index}]`;
    const row = { target, path: `${below}[${index}]`, owner: { record, column } };
    if (isLink) {
      const linked = relationship.targetColumn;
      rows.push({ ...row, linked, body: { [linked.name]: item } });
    } else if (!isJsonObject(item))
      problems.push({ field: place, message: "must be an object", rule: "TYPE" });
    else if (Object.hasOwn(item, column.name))
      problems.push({
        field: `${place}.${column.name}`,
        message: "is set by the record that it is nested in",
        rule: "READ_ONLY",
      });
    else rows.push({ ...row, body: item });
  }
  return { rows, problems };
}

function targetOfNested(planning: PlanningView, path: string, entity: string): RecordTarget {
  try {
    return targetIn(planning, entity, ["create"]);
  } catch (thrown) {
    throw thrown instanceof AppError ? withPrefix(`${path}: `, thrown) : thrown;
  }
}

/** Adds the place of a record in the body to its error. */
export function inRecord({ path, linked }: Pick<BodyRecord, "path" | "linked">, error: AppError): AppError {
  if (path === "" || error instanceof RequestError) return error;
  return withPrefix(error.details ? "" : `${path}: `, error, (field) =>
    linked && (field === linked.name || field.startsWith(`${linked.name}.`))
      ? path + field.slice(linked.name.length)
      : `${path}.${field}`,
  );
}
