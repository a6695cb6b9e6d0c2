import { columnTypeOf, readBound } from "../../columns/registry.ts";
import { unknownProblem } from "../../columns/validate-record.ts";
import { referenceMissing } from "../../errors/api-errors.ts";
import type { Detail } from "../../errors/app-error.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { findUniqueRule, uniqueRulesOf } from "../../model/unique-rules.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import type { WriteOperation } from "../../query/rules/plan-rules.ts";
import { compileRule } from "../../query/sql/condition/compile-rule.ts";
import { selectId } from "../sql/find.ts";
import { notAllowed, type RuleCondition } from "./rules.ts";

/** A record that a reference names by a unique rule instead of its id. */
export interface NaturalKey {
  /** The record's id; null unless the record exists for the caller. */
  readonly expression: Statement;
  /** Prevents the write from storing null if there is no such record. */
  readonly found: RuleCondition;
  /** `{email: 'alice@example.com'}`. */
  readonly shown: string;
}

interface SentKey {
  readonly sent: JsonObject;
  readonly operation: WriteOperation;
}

/** Parses `{"$by":{"email":"alice@example.com"}}`, or returns what is wrong with it; undefined for any other value. */
export function readNaturalKey(
  target: RecordTarget,
  column: Column,
  { sent, operation }: SentKey,
): NaturalKey | { readonly details: readonly Detail[] } | undefined {
  const { catalog, stored, visible } = target;
  const name = column.references?.entity ?? "";
  const known = catalog.entities.get(name);
  const entity = stored.catalog.entities.get(name);
  if (!Object.hasOwn(sent, "$by") || !known || !entity) return undefined;
  const refuse = (message: string) => ({ details: [{ field: column.name, message }] });
  if (Object.keys(sent).length > 1) return refuse("takes $by alone");
  if (column.constraints.length > 0) return refuse("cannot be named by $by, because the field has rules");
  const { values, details } = readKey(known, sent.$by ?? null, `${column.name}.$by`);
  if (details.length > 0) return { details };
  const rows = visible.scope.rowsOf(name);
  const expression = selectId(entity, values, rows && visible.bind(compileRule(entity, rows)));
  const shown = showKey(values);
  const isHidden = !target.entity.columnByName.has(column.name);
  const missing = `Referenced ${column.references?.relationship} ${shown} does not exist in ${entity.tableName}`;
  const otherwise = () => (isHidden ? notAllowed(target, operation) : referenceMissing(missing, column.name));
  const condition = { sql: `${expression.sql} IS NOT NULL`, args: expression.args };
  return { expression, shown, found: { condition, otherwise } };
}

/** The values of a unique rule, or what is wrong with them. */
function readKey(entity: Entity, sent: JsonValue, path: string) {
  const values = new Map<Column, SqlValue>();
  const details: Detail[] = [];
  const key = isJsonObject(sent) ? sent : {};
  let names: readonly string[] | undefined;
  const unknown = () => {
    names ??= [...entity.columnByName.keys()];
    return unknownProblem(entity, names);
  };
  for (const [field, value] of Object.entries(key)) {
    const column = entity.columnByName.get(field);
    const parsed = column && value !== null && readBound(value, column);
    const at = `${path}.${field}`;
    const add = (message: string, rule: string) => details.push({ field: at, message, rule });
    if (!column) details.push({ field: at, ...unknown() });
    else if (!parsed) add("cannot be null", "REQUIRED");
    else if (parsed.ok) values.set(column, parsed.value);
    else add(parsed.message, "TYPE");
  }
  if (details.length === 0 && !findUniqueRule(entity, Object.keys(key)))
    details.push({ field: path, message: namesNoRule(entity) });
  return { values, details };
}

function namesNoRule(entity: Entity): string {
  const rules = uniqueRulesOf(entity).map((columns) => columns.map(({ name }) => name).join(" and "));
  const known = rules.length > 0 ? ` — use ${rules.join(", or ")}` : ", which has none";
  return `must name a record by a unique rule of ${entity.name}${known}`;
}

const showKey = (values: ReadonlyMap<Column, SqlValue>) =>
  `{${[...values].map(([column, value]) => `${column.name}: '${columnTypeOf(column).toJson(value, column)}'`).join(", ")}}`;
