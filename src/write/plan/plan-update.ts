import { parseId, recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import { recordNotFound, validationFailed } from "../../errors/failures.ts";
import type { JsonObject } from "../../model/json.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { shapeRow } from "../../query/sql/shape-record.ts";
import { diagnoseWrite } from "../failure/diagnose-write.ts";
import { withChanges } from "../sql/assignments.ts";
import { findRecord } from "../sql/find.ts";
import { render } from "../sql/statement.ts";
import { updateRecord } from "../sql/update.ts";
import { requirementsOf, underRules, type VersionRule } from "./expected-version.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { withRememberedIds } from "./references.ts";
import { separateChanges } from "./relative-changes.ts";
import { viewsOf } from "./views.ts";

export interface UpdateRequest {
  /** As in the path. */
  readonly id: string;
  readonly body: JsonObject;
  readonly rules?: readonly VersionRule[];
}

/** Changes what is sent; a body that changes nothing is a read. Throws VALIDATION_ERROR, NOT_FOUND. */
export function planUpdate(
  { catalog, entity }: QueryTarget,
  request: UpdateRequest,
  context: ValidationContext,
): PlannedWrite {
  const id = parseId(request.id, entity);
  const body = id === undefined ? withoutSameId(request) : request.body;
  const separated = separateChanges(entity, body, context);
  const { changes } = separated;
  const validated = recordValidatorOf(entity).validateUpdate(separated.body, id ?? null, separated.context);
  if (!validated.ok) throw validationFailed(validated.details);
  if (id === undefined) throw recordNotFound(request.id);
  const { values } = validated;
  const { pending } = context;
  const { rules = [] } = request;
  const found = findRecord(entity, id);
  const isChanging = values.size > 0 || changes.size > 0;
  const assigned = withChanges(withRememberedIds(values, pending), changes);
  const change = isChanging ? updateRecord(entity, id, assigned) : found;
  return {
    statement: underRules(change, rules),
    values,
    id,
    requires: requirementsOf(entity, { id, text: request.id, rules }),
    ...viewsOf(id),
    shape: ([row = []]) => shapeRow(entity, row),
    diagnose(failure) {
      const existing = { query: render(found), sent: values };
      return diagnoseWrite(failure, { catalog, entity, values, pending, existing });
    },
  };
}

/** A text that is no id finds no record, even when the body repeats it. */
function withoutSameId({ id, body }: UpdateRequest): JsonObject {
  const { id: sent, ...others } = body;
  return typeof sent !== "object" && String(sent) === id ? others : body;
}
