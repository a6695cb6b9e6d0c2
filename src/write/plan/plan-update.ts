import { parseId, recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import { recordNotFound } from "../../errors/failures.ts";
import type { JsonObject } from "../../model/json.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { shapeRow } from "../../query/sql/shape-record.ts";
import { diagnoseWrite } from "../failure/diagnose-write.ts";
import { withChanges } from "../sql/assignments.ts";
import { compileFind } from "../sql/find.ts";
import { onlyIf, render } from "../sql/statement.ts";
import { compileUpdate } from "../sql/update.ts";
import { requirementsOf, underRules, type VersionRule } from "./expected-version.ts";
import { keptConditionsOf } from "./kept-fields.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { withRememberedIds } from "./references.ts";
import { separateChanges } from "./relative-changes.ts";
import { amongVisible, attemptOf, checksOf, refusalOf, withConditions } from "./rules.ts";
import { viewsOf } from "./views.ts";

export interface UpdateRequest {
  /** As in the path. */
  readonly id: string;
  readonly body: JsonObject;
  readonly rules?: readonly VersionRule[];
}

/** Changes what is sent; a body that changes nothing is a read. Throws VALIDATION_ERROR, NOT_FOUND, FORBIDDEN. */
export function planUpdate(
  target: RecordTarget,
  request: UpdateRequest,
  context: ValidationContext,
): PlannedWrite {
  const { entity } = target.stored;
  const id = parseId(request.id, entity);
  const body = id === undefined ? withoutSameId(request) : request.body;
  const separated = separateChanges(target, body, context);
  const { changes, conditions, named } = separated;
  const validated = recordValidatorOf(entity).validateUpdate(separated.body, id ?? null, separated.context);
  if (!validated.ok) throw refusalOf(target, "update", validated.details);
  if (id === undefined) throw recordNotFound(request.id);
  const { values, kept } = validated;
  const { pending } = context;
  const { rules = [] } = request;
  const written = withChanges(withRememberedIds(values, pending), changes);
  const found = amongVisible(compileFind(entity, id), target, "update");
  const isRead = written.size === 0;
  const change = isRead ? found : amongVisible(compileUpdate(entity, id, written), target, "update");
  const checks = [
    ...keptConditionsOf(target, kept),
    ...conditions,
    ...(isRead ? [] : checksOf(target, { operation: "update", values, written, pending, named })),
  ];
  const { statement, requires } = withConditions(underRules(change, rules), checks, (condition) =>
    render(onlyIf(found, condition)),
  );
  return {
    statement,
    values,
    id,
    requires: [...requirementsOf(target, "update", { id, text: request.id, rules }), ...requires],
    ...viewsOf(target, id),
    shape: ([row = []]) => shapeRow(entity, row, target.entity),
    diagnose(failure) {
      const existing = { query: render(compileFind(entity, id)), sent: values };
      return diagnoseWrite(failure, { ...attemptOf(target, "update"), values, pending, named, existing });
    },
  };
}

/** A text that is no id finds no record, even when the body repeats it. */
function withoutSameId({ id, body }: UpdateRequest): JsonObject {
  const { id: sent, ...others } = body;
  return typeof sent !== "object" && String(sent) === id ? others : body;
}
