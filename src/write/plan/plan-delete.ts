import { parseId } from "../../columns/validate-record.ts";
import { recordNotFound } from "../../errors/failures.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { diagnoseDelete } from "../failure/diagnose-delete.ts";
import { deleteRecord } from "../sql/delete.ts";
import { requirementsOf, underRules, type VersionRule } from "./expected-version.ts";
import type { PlannedWrite } from "./planned-write.ts";

/** `text` is the id as in the path. Throws NOT_FOUND. */
export function planDelete(
  { catalog, entity }: QueryTarget,
  text: string,
  rules: readonly VersionRule[] = [],
): PlannedWrite {
  const id = parseId(text, entity);
  if (id === undefined) throw recordNotFound(text);
  return {
    statement: underRules(deleteRecord(entity, id), rules),
    values: new Map(),
    id,
    requires: requirementsOf(entity, { id, text, rules }),
    view: () => null,
    checks: () => [],
    shape: () => null,
    diagnose: (failure) => diagnoseDelete(failure, { catalog, entity, id }),
  };
}
