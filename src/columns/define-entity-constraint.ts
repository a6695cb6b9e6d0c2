import type { Detail } from "../errors/app-error.ts";
import type { Column } from "../model/column.ts";
import type { EntityConstraint } from "../model/entity.ts";
import { columnTypeOf } from "./registry.ts";

/** Types of one kind can be compared with each other; other types only with themselves. */
const PLAIN_NUMBERS: ReadonlySet<string> = new Set(["INTEGER", "BIGINT", "DOUBLE"]);
const TEXTS: ReadonlySet<string> = new Set(["VARCHAR", "TEXT"]);

/** Returns what is wrong with an entity's constraints. `columns` are all of its columns, including `id`. */
export function checkEntityConstraintDefinitions(
  constraints: readonly EntityConstraint[],
  columns: readonly Column[],
): readonly Detail[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return constraints.flatMap((constraint, i) => {
    const path = `constraints[${i}]`;
    const unknown = placedFields(constraint).filter(({ name }) => !byName.has(name));
    if (unknown.length > 0) {
      return unknown.map(({ at, name }) => ({
        field: `${path}.${at}`,
        message: `'${name}' is not a field of this entity`,
      }));
    }
    const problem = problemOf(constraint, byName) ?? problemOfRepeat(constraint, constraints.slice(0, i));
    return problem ? [{ field: `${path}.${problem.field}`, message: problem.message }] : [];
  });
}

function placedFields(
  constraint: EntityConstraint,
): readonly { readonly at: string; readonly name: string }[] {
  if (constraint.type === "UNIQUE_COMPOSITE")
    return constraint.fields.map((name, i) => ({ at: `fields[${i}]`, name }));
  const field = { at: "field", name: constraint.field };
  if (constraint.type === "CONDITIONAL_REQUIRED")
    return [field, { at: "when.field", name: constraint.when.field }];
  return [field, { at: "otherField", name: constraint.otherField }];
}

function problemOf(constraint: EntityConstraint, byName: ReadonlyMap<string, Column>): Detail | undefined {
  if (constraint.type === "UNIQUE_COMPOSITE") {
    const { fields } = constraint;
    if (new Set(fields).size < fields.length) return { field: "fields", message: "must not repeat a field" };
    const isJson = fields.some((name) => byName.get(name)?.type === "JSON");
    return isJson ? { field: "fields", message: "must not contain a JSON column" } : undefined;
  }
  const column = byName.get(constraint.field);
  if (constraint.type === "CONDITIONAL_REQUIRED")
    return problemOfCondition(constraint, byName.get(constraint.when.field));
  const other = byName.get(constraint.otherField);
  if (!column || !other || column === other) return { field: "otherField", message: "must be another field" };
  const isComparable = canCompare(column, other);
  return isComparable
    ? undefined
    : { field: "otherField", message: `cannot be compared with ${constraint.field}` };
}

/** Two such constraints would make the same index twice. The same fields in another order are another index. */
function problemOfRepeat(
  constraint: EntityConstraint,
  earlier: readonly EntityConstraint[],
): Detail | undefined {
  if (constraint.type !== "UNIQUE_COMPOSITE") return undefined;
  const key = constraint.fields.join();
  const at = earlier.findIndex((other) => other.type === "UNIQUE_COMPOSITE" && other.fields.join() === key);
  return at < 0 ? undefined : { field: "fields", message: `repeats constraints[${at}]` };
}

function problemOfCondition(
  { field, when }: Extract<EntityConstraint, { type: "CONDITIONAL_REQUIRED" }>,
  column: Column | undefined,
): Detail | undefined {
  if (field === when.field) return { field: "when.field", message: "must be another field" };
  if (!column || when.equals === null) return { field: "when.equals", message: "must be a value" };
  const parsed = columnTypeOf(column).parse(when.equals, column);
  return parsed.ok ? undefined : { field: "when.equals", message: parsed.message };
}

function canCompare(left: Column, right: Column): boolean {
  if (left.type === "JSON") return false;
  if (left.type === "DECIMAL") return right.type === "DECIMAL" && left.scale === right.scale;
  if (left.type === right.type) return true;
  return [PLAIN_NUMBERS, TEXTS].some((kind) => kind.has(left.type) && kind.has(right.type));
}
