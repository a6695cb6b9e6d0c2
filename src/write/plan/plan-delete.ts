import { recordNotFound } from "../../errors/api-errors.ts";
import { nameRecord, type RecordName } from "../../query/plan/named-record.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { diagnoseDelete } from "../failure/diagnose-delete.ts";
import { hasKey } from "../sql/conditions.ts";
import { compileDelete } from "../sql/delete.ts";
import { compileFindIds } from "../sql/find.ts";
import { render } from "../sql/statement.ts";
import { requirementsOf, underRules, type VersionRule } from "./expected-version.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { amongVisible } from "./rules.ts";

/** Throws NOT_FOUND, BAD_REQUEST. */
export function planDelete(
  target: RecordTarget,
  name: RecordName,
  rules: readonly VersionRule[] = [],
): PlannedWrite {
  const { catalog, entity } = target.stored;
  const { column, value, shown } = nameRecord(target, name);
  if (value === undefined) throw recordNotFound(shown);
  const condition = hasKey(column, value);
  const isId = column.name === "id";
  return {
    statement: underRules(amongVisible(compileDelete(entity, condition), target, "delete"), rules),
    values: new Map(),
    id: isId ? value : undefined,
    requires: requirementsOf(target, "delete", { condition, shown, rules }),
    view: () => null,
    checks: () => [],
    shape: () => null,
    diagnose(failure) {
      const ids = render(compileFindIds(entity, condition));
      const subject = `Record ${isId ? value : shown}`;
      return diagnoseDelete(failure, { catalog, entity, ids, subject });
    },
  };
}
