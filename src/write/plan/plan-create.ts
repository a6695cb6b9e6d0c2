import { recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import type { Column } from "../../model/column.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { LAST_INSERTED } from "../../query/sql/record/compile-record-view.ts";
import { shapeRow } from "../../query/sql/record/shape-record.ts";
import { diagnoseWrite } from "../failure/diagnose-write.ts";
import { type Assigned, type Assignments, withChanges } from "../sql/assignments.ts";
import { orNoId } from "../sql/find.ts";
import { compileInsert } from "../sql/insert.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { withRememberedIds } from "./references.ts";
import { withoutChanges } from "./relative-changes.ts";
import { attemptOf, invalidBody, probeAlone, ruleChecksOf, withConditions } from "./rules.ts";
import { viewsOf } from "./views.ts";

/** Throws VALIDATION_ERROR, FORBIDDEN. */
export function planCreate(target: RecordTarget, body: JsonObject, context: ValidationContext): PlannedWrite {
  const { entity } = target.stored;
  const plain = withoutChanges(target, body, context);
  const validated = recordValidatorOf(entity).validateCreate(plain.body, plain.context);
  if (!validated.ok) throw invalidBody(target, "create", validated.details);
  const { values } = validated;
  const { pending, made } = context;
  const [idColumn] = entity.columns;
  const id = idColumn && values.get(idColumn);
  const { changes, conditions, named } = plain;
  const written = withChanges(withRememberedIds(values, pending), changes);
  const ruleChecks = ruleChecksOf(target, { operation: "create", values, written, pending, named });
  return {
    ...withConditions(compileInsert(entity, written), [...conditions, ...ruleChecks], probeAlone),
    ...(ruleChecks.length === 0 && { inserted: withRequiredIds(values, changes) }),
    values,
    id,
    ...viewsOf(target, id === undefined ? LAST_INSERTED : id),
    shape: ([row = []]) => shapeRow(entity, row, target.entity),
    diagnose: (failure) =>
      diagnoseWrite(failure, { ...attemptOf(target, "create"), values, pending, made, named }),
  };
}

/** The values, with ids that must be found: the changes of a create are references by a natural key. */
function withRequiredIds(
  values: ReadonlyMap<Column, SqlValue>,
  changes: ReadonlyMap<Column, Statement>,
): Assignments {
  if (changes.size === 0) return values;
  return new Map<Column, Assigned>([
    ...values,
    ...[...changes].map(([column, id]) => [column, orNoId(id)] as const),
  ]);
}
