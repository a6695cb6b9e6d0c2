import type { SqlValue } from "../../model/sql-value.ts";
import { Slot } from "../../model/sql-value.ts";
import type { Predicate } from "../plan/predicate.ts";

/** The values of each operand; null if its claim is missing. */
export type OperandValues = readonly (readonly SqlValue[] | null)[];

/**
 * The predicate of a rule if some operands are missing; null if it can then never be true. A condition with a missing
 * claim is neither true nor false, and neither is its negation. So a missing claim never reveals more.
 */
export function withoutMissing(
  predicate: Predicate,
  values: OperandValues,
  isNegated = false,
): Predicate | null {
  switch (predicate.kind) {
    case "TEST":
      return withValues(predicate, values);
    case "NOT": {
      const inner = withoutMissing(predicate.predicate, values, !isNegated);
      return inner && { kind: "NOT", predicate: inner };
    }
    case "RELATED": {
      const inner = withoutMissing(predicate.predicate, values, isNegated);
      return inner && { ...predicate, predicate: inner };
    }
    case "ALL":
    case "ANY": {
      const all = predicate.predicates.map((each) => withoutMissing(each, values, isNegated));
      const known = all.filter((each) => each !== null);
      const mayLack = predicate.kind === "ANY" && !isNegated && known.length > 0;
      return known.length === all.length || mayLack ? { ...predicate, predicates: known } : null;
    }
  }
}

/** A slot for each value of an operand. An operand that is the only value of a list may be a list. */
function withValues(test: Predicate & { readonly kind: "TEST" }, values: OperandValues): Predicate | null {
  const slots: (SqlValue | Slot)[] = [];
  for (const value of test.values) {
    if (!(value instanceof Slot)) {
      slots.push(value);
      continue;
    }
    const given = values[value.operand];
    if (!given) return null;
    slots.push(...given.map((_, index) => new Slot(value.operand, index)));
  }
  return { ...test, values: slots };
}
