import type { Column } from "../model/column.ts";
import type { JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";
import type { Check } from "./constraints/constraint-type.ts";
import { constraintTypes } from "./constraints/registry.ts";
import { columnTypeOf } from "./registry.ts";

/** What one column makes of one sent value. */
export interface FieldRule {
  readonly column: Column;
  /** The stored value, or all of its problems: the type's alone, else those of the constraints in order. */
  read(
    value: JsonValue,
    now: string,
  ): { readonly value: SqlValue } | { readonly messages: readonly string[] };
}

export function compileFieldRule(column: Column): FieldRule {
  const type = columnTypeOf(column);
  const checks: { readonly check: Check; readonly message: string }[] = [];
  for (const constraint of column.constraints) {
    const kind = constraintTypes.get(constraint.type);
    if (!kind) continue;
    checks.push({
      check: kind.compile(column, constraint),
      message: constraint.message ?? kind.message(constraint),
    });
  }
  return {
    column,
    read(sent, now) {
      if (sent === null)
        return column.nullable ? { value: null } : { messages: [`${column.name} is required`] };
      const parsed = type.parse(sent, column);
      if (parsed.ok && checks.length === 0) return parsed;
      const { value } = parsed;
      const failed = value === undefined ? [] : checks.filter(({ check }) => !check(value, now));
      if (parsed.ok && failed.length === 0) return parsed;
      const ofType = parsed.ok ? [] : [parsed.message];
      return { messages: [...ofType, ...failed.map(({ message }) => message)] };
    },
  };
}
