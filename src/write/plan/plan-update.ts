import { recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import { recordNotFound } from "../../errors/api-errors.ts";
import type { Column } from "../../model/column.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { type NamedRecord, nameRecord, type RecordName } from "../../query/plan/named-record.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { shapeRow } from "../../query/sql/record/shape-record.ts";
import { diagnoseWrite } from "../failure/diagnose-write.ts";
import { type Assignments, withChanges } from "../sql/assignments.ts";
import { hasKey } from "../sql/conditions.ts";
import { compileFind, compileFindIds } from "../sql/find.ts";
import { onlyIf, render } from "../sql/statement.ts";
import { compileUpdates } from "../sql/update.ts";
import { requirementsOf, underRules, type VersionRule } from "./expected-version.ts";
import { keptConditionsOf } from "./kept-fields.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { rememberedId, rememberFound, withRememberedIds } from "./references.ts";
import { separateChanges } from "./relative-changes.ts";
import {
  amongVisible,
  attemptOf,
  invalidBody,
  type RuleCondition,
  ruleChecksOf,
  withConditions,
} from "./rules.ts";
import { viewsOf } from "./views.ts";

export interface UpdateRequest extends RecordName {
  readonly body: JsonObject;
  readonly rules?: readonly VersionRule[];
}

/**
 * Changes the sent fields. A body that changes nothing is a read. Throws VALIDATION_ERROR, NOT_FOUND, FORBIDDEN,
 * BAD_REQUEST.
 */
export function planUpdate(
  target: RecordTarget,
  request: UpdateRequest,
  context: ValidationContext,
): PlannedWrite {
  const { entity } = target.stored;
  const valid = validateChange(target, request, context);
  const { column, value, shown, id, values, written, conditions, named } = valid;
  const { pending, made } = context;
  const { rules = [] } = request;
  const condition = hasKey(column, value);
  const found = amongVisible(compileFind(entity, condition), target, "update");
  const isRead = written.size === 0;
  const change = isRead
    ? found
    : amongVisible(compileUpdates(entity, written, [condition]), target, "update");
  const checks = [
    ...conditions,
    ...(isRead ? [] : ruleChecksOf(target, { operation: "update", values, written, pending, named })),
  ];
  const { statement, requires } = withConditions(underRules(change, rules), checks, (each) =>
    render(onlyIf(found, each)),
  );
  return {
    statement,
    values,
    id,
    requires: [...requirementsOf(target, "update", { condition, shown, rules }), ...requires],
    ...(written.has(column)
      ? viewsOfMoved(target, condition)
      : viewsOf(target, id === undefined ? { matching: new Map([[column, value]]) } : value)),
    shape: ([row = []]) => shapeRow(entity, row, target.entity),
    diagnose(failure) {
      const existing = { query: render(compileFind(entity, condition)), sent: values };
      return diagnoseWrite(failure, {
        ...attemptOf(target, "update"),
        values,
        pending,
        made,
        named,
        existing,
      });
    },
  };
}

/** The record that a valid request names, and what to store in it. */
interface Change extends NamedRecord {
  readonly value: SqlValue;
  /** Undefined if another column names the record. */
  readonly id: SqlValue | undefined;
  /** The sent values. */
  readonly values: ReadonlyMap<Column, SqlValue>;
  readonly written: Assignments;
  readonly conditions: readonly RuleCondition[];
  readonly named: ReadonlyMap<Column, string>;
}

/** A record that does not exist is reported after the problems of the body. Throws VALIDATION_ERROR, NOT_FOUND. */
function validateChange(target: RecordTarget, request: UpdateRequest, context: ValidationContext): Change {
  const { column, value, shown } = nameRecord(target, request);
  const isId = column.name === "id";
  const body = isId && value === undefined ? withoutSameId(request) : request.body;
  const separated = separateChanges(target, body, context);
  const id = isId ? (value ?? null) : undefined;
  const validator = recordValidatorOf(target.stored.entity);
  const validated = validator.validateUpdate(separated.body, id, separated.context);
  if (!validated.ok) throw invalidBody(target, "update", validated.details);
  if (value === undefined) throw recordNotFound(shown);
  const { values, kept } = validated;
  return {
    column,
    value,
    shown,
    id,
    values,
    written: withChanges(withRememberedIds(values, context.pending), separated.changes),
    conditions: [...keptConditionsOf(target, kept), ...separated.conditions],
    named: separated.named,
  };
}

const MOVED = "moved";

/** After this write, the record cannot be found by its key any more. */
const viewsOfMoved = (target: RecordTarget, condition: Statement) => ({
  remember: rememberFound(MOVED, render(compileFindIds(target.stored.entity, condition))),
  ...viewsOf(target, rememberedId(MOVED)),
});

/** A text that is not an id finds no record, even if the body repeats it. */
function withoutSameId({ id, body }: UpdateRequest): JsonObject {
  const { id: sent, ...others } = body;
  return typeof sent !== "object" && String(sent) === id ? others : body;
}
