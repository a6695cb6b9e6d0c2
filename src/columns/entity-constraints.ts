import type { Detail } from "../errors/app-error.ts";
import type { Column } from "../model/column.ts";
import type { Entity, EntityConstraint } from "../model/entity.ts";
import type { JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";
import { readBound } from "./registry.ts";
import { compareTexts } from "./text.ts";

type Comparison = Exclude<EntityConstraint["type"], "UNIQUE_COMPOSITE" | "CONDITIONAL_REQUIRED">;

/** Each comparison: the words of its message, and the results of `left ⋚ right` (−1, 0, 1) that it allows. */
export const comparisons: Readonly<
  Record<Comparison, { readonly words: string; readonly allows: readonly number[]; readonly sql: string }>
> = {
  FIELD_LESS_THAN: { words: "less than", allows: [-1], sql: "<" },
  FIELD_LESS_THAN_OR_EQUAL: { words: "less than or equal to", allows: [-1, 0], sql: "<=" },
  FIELD_GREATER_THAN: { words: "greater than", allows: [1], sql: ">" },
  FIELD_GREATER_THAN_OR_EQUAL: { words: "greater than or equal to", allows: [0, 1], sql: ">=" },
  FIELD_NOT_EQUAL: { words: "not be equal to", allows: [-1, 1], sql: "<>" },
};

type Rules = Pick<Entity, "constraints" | "columnByName">;

/** The message for a broken constraint. */
export function detailOf(constraint: Exclude<EntityConstraint, { type: "UNIQUE_COMPOSITE" }>): Detail {
  const { field, type: rule } = constraint;
  if (constraint.type === "CONDITIONAL_REQUIRED") {
    const { when } = constraint;
    const { equals } = when;
    const shown = typeof equals === "object" ? JSON.stringify(equals) : String(equals);
    const text = `${field} is required when ${when.field} is '${shown}'`;
    return { field, message: constraint.message ?? text, rule };
  }
  const { words } = comparisons[constraint.type];
  const text = constraint.type === "FIELD_NOT_EQUAL" ? `must ${words}` : `must be ${words}`;
  return { field, message: constraint.message ?? `${text} ${constraint.otherField}`, rule };
}

/**
 * Checks the entity's rules over several fields as far as `values` has all of their fields. Triggers check all of them
 * again. A null on either side of a comparison passes.
 */
export function checkEntityConstraints(
  entity: Rules,
  values: ReadonlyMap<Column, SqlValue>,
): readonly Detail[] {
  const storedValueOf = (name: string) => {
    const column = entity.columnByName.get(name);
    return column && values.get(column);
  };
  return entity.constraints.flatMap((constraint) => {
    if (constraint.type === "UNIQUE_COMPOSITE") return [];
    const value = storedValueOf(constraint.field);
    if (value === undefined) return [];
    return holds(entity, constraint, { value, storedValueOf }) ? [] : [detailOf(constraint)];
  });
}

type Values = { readonly value: SqlValue; storedValueOf(name: string): SqlValue | undefined };

function holds(
  entity: Rules,
  constraint: Exclude<EntityConstraint, { type: "UNIQUE_COMPOSITE" }>,
  { value, storedValueOf }: Values,
): boolean {
  if (constraint.type === "CONDITIONAL_REQUIRED") {
    const { when } = constraint;
    return value !== null || storedValueOf(when.field) !== storedEquals(entity, when);
  }
  const other = storedValueOf(constraint.otherField);
  if (other === undefined || other === null || value === null) return true;
  return comparisons[constraint.type].allows.includes(compareStored(value, other));
}

/** Compares as the database does: texts by code point, unlike JavaScript. */
function compareStored(left: Exclude<SqlValue, null>, right: Exclude<SqlValue, null>): number {
  if (typeof left === "string" && typeof right === "string") return compareTexts(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The stored form of the value that makes another field required; undefined if its column cannot store it. */
export function storedEquals(
  entity: Pick<Entity, "columnByName">,
  when: { readonly field: string; readonly equals: JsonValue },
): SqlValue | undefined {
  const column = entity.columnByName.get(when.field);
  if (!column || when.equals === null) return undefined;
  const parsed = readBound(when.equals, column);
  return parsed.ok ? parsed.value : undefined;
}
