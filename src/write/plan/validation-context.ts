import { PatternBudget } from "../../columns/pattern-budget.ts";
import type { ValidationContext } from "../../columns/validate-record.ts";
import { newUuidV7 } from "../../lib/ids.ts";
import type { PlanningView } from "../../model/workspace.ts";
import type { QueryTarget } from "../../query/plan/target.ts";

/**
 * What bodies of the target are validated in. A reference to an entity that the caller may not read cannot be written, and
 * no id can be chosen in one: the refusal would tell which records exist.
 */
export const validationContextOf = (
  { asOf, access }: Pick<PlanningView, "asOf" | "access">,
  { scope, entity }: Pick<QueryTarget, "scope" | "entity">,
  patterns = new PatternBudget(),
): ValidationContext => ({
  iso: asOf.toISOString(),
  generateUuid: newUuidV7,
  takesTimestamps: access.mayWriteTimestamps === true,
  patterns,
  isLocked: ({ name, references }) => {
    if (name === "id") return !scope.canRead(entity.name);
    return references !== undefined && !scope.canRead(references.entity);
  },
});
