import type { Column } from "../model/column.ts";
import type { JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";
import type { Check } from "./constraints/constraint-type.ts";
import { constraintTypes } from "./constraints/registry.ts";
import type { PatternBudget } from "./pattern-budget.ts";
import { columnTypeOf } from "./registry.ts";

/** The time of a validation, and its budget. */
export interface Moment {
  /** ISO 8601 UTC. */
  readonly iso: string;
  /** If absent, patterns may take as long as they need. */
  readonly patterns?: PatternBudget;
}

/** A problem of a value, and the rule that it breaks. */
export interface ValueProblem {
  readonly message: string;
  readonly rule: string;
}

/** Checks one sent value against one column. */
export interface FieldRule {
  readonly column: Column;
  /**
   * The stored value, or all of its problems: only the type's problem if there is one, else those of the constraints in
   * order.
   */
  read(
    value: JsonValue,
    now: Moment,
  ): { readonly value: SqlValue } | { readonly problems: readonly ValueProblem[] };
}

interface CompiledCheck extends ValueProblem {
  readonly check: Check;
  readonly steps: ((value: SqlValue) => number) | undefined;
}

export const requiredProblem = (field: string): ValueProblem => ({
  message: `${field} is required`,
  rule: "REQUIRED",
});

export function compileFieldRule(column: Column): FieldRule {
  const type = columnTypeOf(column);
  const checks: CompiledCheck[] = [];
  for (const constraint of column.constraints) {
    const kind = constraintTypes.get(constraint.type);
    if (!kind) continue;
    checks.push({
      check: kind.compile(column, constraint),
      steps: kind.compileSteps?.(constraint),
      message: constraint.message ?? kind.message(constraint),
      rule: kind.name,
    });
  }
  return {
    column,
    read(sent, now) {
      if (sent === null)
        return column.nullable ? { value: null } : { problems: [requiredProblem(column.name)] };
      const parsed = type.parse(sent, column);
      if (parsed.ok && checks.length === 0) return parsed;
      const { value } = parsed;
      const failed =
        value === undefined
          ? []
          : checks.filter(({ check, steps }) => {
              if (steps) now.patterns?.spend(steps(value));
              return !check(value, now.iso);
            });
      if (parsed.ok && failed.length === 0) return parsed;
      const ofType = parsed.ok ? [] : [{ message: parsed.message, rule: ruleOf(parsed) }];
      return { problems: [...ofType, ...failed.map(({ message, rule }) => ({ message, rule }))] };
    },
  };
}

/** If a value of the right type is refused, it is too long. */
const ruleOf = ({ value }: { readonly value?: SqlValue }) => (value === undefined ? "TYPE" : "MAX_LENGTH");
