import { PatternBudget } from "../../columns/pattern-budget.ts";
import type { ValidationContext } from "../../columns/validate-record.ts";
import { newUuidV7 } from "../../lib/ids.ts";
import type { PlanningView } from "../../model/workspace.ts";
import type { QueryTarget } from "../../query/plan/target.ts";

/**
 * The context in which bodies of the target are validated. A reference to an unreadable entity cannot be written, and
 * an id cannot be chosen in such an entity, because the error would reveal which records exist.
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
