import { recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import { validationFailed } from "../../errors/failures.ts";
import type { JsonObject } from "../../model/json.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { LAST_INSERTED } from "../../query/sql/compile-record-view.ts";
import { shapeRow } from "../../query/sql/shape-record.ts";
import { diagnoseWrite } from "../failure/diagnose-write.ts";
import { insertRecord } from "../sql/insert.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { withRememberedIds } from "./references.ts";
import { withoutChanges } from "./relative-changes.ts";
import { viewsOf } from "./views.ts";

/** Throws VALIDATION_ERROR. */
export function planCreate(
  { catalog, entity }: QueryTarget,
  body: JsonObject,
  context: ValidationContext,
): PlannedWrite {
  const plain = withoutChanges(entity, body, context);
  const validated = recordValidatorOf(entity).validateCreate(plain.body, plain.context);
  if (!validated.ok) throw validationFailed(validated.details);
  const { values } = validated;
  const { pending } = context;
  const [idColumn] = entity.columns;
  const id = idColumn && values.get(idColumn);
  return {
    statement: insertRecord(entity, withRememberedIds(values, pending)),
    values,
    id,
    requires: [],
    ...viewsOf(id === undefined ? LAST_INSERTED : id),
    shape: ([row = []]) => shapeRow(entity, row),
    diagnose: (failure) => diagnoseWrite(failure, { catalog, entity, values, pending }),
  };
}
