import { parseId } from "../../columns/validate-record.ts";
import { recordNotFound } from "../../errors/failures.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { diagnoseDelete } from "../failure/diagnose-delete.ts";
import { compileDelete } from "../sql/delete.ts";
import { requirementsOf, underRules, type VersionRule } from "./expected-version.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { amongVisible } from "./rules.ts";

/** `text` is the id as in the path. Throws NOT_FOUND. */
export function planDelete(
  target: RecordTarget,
  text: string,
  rules: readonly VersionRule[] = [],
): PlannedWrite {
  const { catalog, entity } = target.stored;
  const id = parseId(text, entity);
  if (id === undefined) throw recordNotFound(text);
  return {
    statement: underRules(amongVisible(compileDelete(entity, id), target, "delete"), rules),
    values: new Map(),
    id,
    requires: requirementsOf(target, "delete", { id, text, rules }),
    view: () => null,
    checks: () => [],
    shape: () => null,
    diagnose: (failure) => diagnoseDelete(failure, { catalog, entity, id }),
  };
}
