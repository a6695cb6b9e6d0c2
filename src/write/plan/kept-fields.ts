import type { KeptField } from "../../columns/validate-record.ts";
import { validationFailed } from "../../errors/api-errors.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { hasStored } from "../sql/conditions.ts";
import type { RuleCondition } from "./rules.ts";

/**
 * Read-only fields may be sent with their stored value, so that a record that was read can be sent back. Throws
 * VALIDATION_ERROR for a field that the caller cannot read, because the comparison would reveal its value.
 */
export function keptConditionsOf(
  { entity }: RecordTarget,
  kept: readonly KeptField[],
): readonly RuleCondition[] {
  return kept.map(({ column, value, message }) => {
    const otherwise = () => validationFailed([{ field: column.name, message, rule: "READ_ONLY" }]);
    if (!entity.columnByName.has(column.name)) throw otherwise();
    return { condition: hasStored(column, value), otherwise };
  });
}
