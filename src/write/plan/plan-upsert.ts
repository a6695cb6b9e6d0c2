import { requiredProblem } from "../../columns/field-rule.ts";
import { recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import { uniqueViolation, validationFailed } from "../../errors/api-errors.ts";
import type { Detail } from "../../errors/app-error.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { findUniqueRule, uniqueRulesOf } from "../../model/unique-rules.ts";
import { echo, unknownName } from "../../query/messages.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { shapeRow } from "../../query/sql/record/shape-record.ts";
import { diagnoseWrite, shownValue } from "../failure/diagnose-write.ts";
import { type Assignments, withChanges } from "../sql/assignments.ts";
import { compileFindMatching } from "../sql/find.ts";
import { changingOnly, compileUpsert } from "../sql/insert.ts";
import { onlyIf, render } from "../sql/statement.ts";
import { compileUpdateMatching } from "../sql/update.ts";
import { keptConditionsOf } from "./kept-fields.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { separateChanges, withoutChangesOfUpsert } from "./relative-changes.ts";
import {
  amongVisible,
  attemptOf,
  invalidBody,
  probeAlone,
  type RuleCondition,
  rowsCondition,
  ruleChecksOf,
  withConditions,
} from "./rules.ts";
import { viewsOf } from "./views.ts";

/** The columns of the unique rule that `upsertBy` names. Throws BAD_REQUEST. */
export function upsertKeyOf(entity: Entity, upsertBy: string): readonly Column[] {
  const key = findUniqueRule(entity, upsertBy.split(","));
  if (key) return key;
  const known = uniqueRulesOf(entity).map((columns) => columns.map(({ name }) => name).join(","));
  const advice = known.length > 0 ? ` — use ${known.join(" or ")}` : ", which has none";
  throw unknownName(`upsertBy ${echo(upsertBy)} is not a unique rule of ${entity.name}`, {
    name: upsertBy,
    known,
    advice,
  });
}

export interface UpsertRequest {
  readonly key: readonly Column[];
  readonly body: JsonObject;
}

/**
 * Creates the record, or changes the sent fields of the one with the same key. A body that is not enough for a create
 * is refused only if no record has the key. Throws VALIDATION_ERROR, FORBIDDEN.
 */
export function planUpsert(
  target: RecordTarget,
  request: UpsertRequest,
  context: ValidationContext,
): PlannedWrite {
  const { key, body } = request;
  requireKey(request);
  const validator = recordValidatorOf(target.stored.entity);
  const separated = separateChanges(target, body, context);
  const change = validator.validateUpdate(separated.body, undefined, separated.context);
  if (!change.ok) throw invalidBody(target, "update", change.details);
  const { named, conditions } = separated;
  requireValues(key, named);
  const sent = change.values;
  const written = withChanges(sent, separated.changes);
  const upsert: Upsert = {
    key,
    sent,
    changed: new Map([...written].filter(([column]) => !key.includes(column))),
    kept: keptConditionsOf(target, change.kept),
    named,
    taken: requireVisible(target, { key, sent }),
  };
  const plain = withoutChangesOfUpsert(target, body, context);
  const creation = validator.validateCreate(plain.body, plain.context);
  if (!creation.ok) return planUpdateOnly(target, upsert, { conditions, details: creation.details });
  const created = withChanges(creation.values, plain.changes);
  return planCreateOrUpdate(target, upsert, {
    values: creation.values,
    created,
    conditions: plain.conditions,
  });
}

interface Matched {
  readonly key: readonly Column[];
  readonly sent: Values;
}

/** What an upsert does to an existing record. */
interface Upsert extends Matched {
  readonly changed: Assignments;
  readonly kept: readonly RuleCondition[];
  readonly named: ReadonlyMap<Column, string>;
  readonly taken: ReturnType<typeof requireVisible>;
}

/** What an upsert creates if no record has the key. */
interface Creation {
  readonly values: Values;
  readonly created: Assignments;
  readonly conditions: readonly RuleCondition[];
}

function planCreateOrUpdate(target: RecordTarget, upsert: Upsert, creation: Creation): PlannedWrite {
  const { key, changed, taken } = upsert;
  const { values, created, conditions } = creation;
  const compiled = compileUpsert(target.stored.entity, key, { created, changed });
  const checks = [...conditions, ...checksOfUpsert(target, upsert, creation)];
  const { statement, requires } = withConditions(compiled, checks, probeAlone);
  return {
    ...upsertOf(target, upsert, values),
    statement: taken ? changingOnly(statement, taken.rows) : statement,
    requires: [...(taken ? [taken] : []), ...requires],
  };
}

interface Incomplete {
  readonly conditions: readonly RuleCondition[];
  /** Why the body is not enough for a create. */
  readonly details: readonly Detail[];
}

function planUpdateOnly(
  target: RecordTarget,
  upsert: Upsert,
  { conditions, details }: Incomplete,
): PlannedWrite {
  const { entity } = target.stored;
  const { key, sent, changed, kept, named, taken } = upsert;
  const matching = compileUpdateMatching(entity, key, { matched: sent, changed });
  const update = amongVisible(matching, target, "update");
  const found = amongVisible(compileFindMatching(entity, key, sent), target, "update");
  const checks = [
    ...kept,
    ...conditions,
    ...ruleChecksOf(target, { operation: "update", values: sent, written: changed, named }),
  ];
  const { statement, requires } = withConditions(update, checks, (condition) =>
    render(onlyIf(found, condition)),
  );
  const exists = { query: () => render(found), otherwise: () => invalidBody(target, "create", details) };
  return {
    ...upsertOf(target, upsert, sent),
    statement,
    requires: [...(taken ? [taken] : []), exists, ...requires],
  };
}

/** Requires that no hidden record has the key; undefined if no records are hidden. */
function requireVisible(target: RecordTarget, { key, sent }: Matched) {
  const rows = rowsCondition(target, "update");
  if (!rows) return undefined;
  const { entity } = target.stored;
  const isHidden = { sql: `(${rows.sql}) IS NOT TRUE`, args: rows.args };
  const hidden = render(onlyIf(compileFindMatching(entity, key, sent), isHidden));
  const query = () => ({ sql: `SELECT 1 WHERE NOT EXISTS (${hidden.sql})`, args: hidden.args });
  const fields = key.map((column) => ({ field: column.name, value: shownValue(column, { values: sent }) }));
  return { rows, query, otherwise: () => uniqueViolation(fields) };
}

/** Each check concerns only what the upsert turns out to be. */
function checksOfUpsert(
  target: RecordTarget,
  { key, sent, kept, changed, named }: Upsert,
  { values, created }: Creation,
): readonly RuleCondition[] {
  const { entity } = target.stored;
  const match = compileFindMatching(entity, key, sent);
  const exists = render(match);
  const whenCreated = ruleChecksOf(target, { operation: "create", values, written: created, named });
  const whenChanged = [
    ...kept,
    ...ruleChecksOf(target, { operation: "update", values: sent, written: changed, named }),
  ];
  return [
    ...whenCreated.map(({ condition, otherwise }) => ({
      condition: {
        sql: `(EXISTS (${exists.sql}) OR ${condition.sql})`,
        args: [...exists.args, ...condition.args],
      },
      otherwise,
    })),
    ...whenChanged.map(({ condition, otherwise }) => {
      const satisfied = render(onlyIf(match, condition));
      return {
        condition: {
          sql: `(NOT EXISTS (${exists.sql}) OR EXISTS (${satisfied.sql}))`,
          args: [...exists.args, ...satisfied.args],
        },
        otherwise,
      };
    }),
  ];
}

function requireKey({ key, body }: UpsertRequest): void {
  const missing = key.filter(({ name }) => !Object.hasOwn(body, name) || body[name] === null);
  if (missing.length > 0)
    throw validationFailed(missing.map(({ name }) => ({ field: name, ...requiredProblem(name) })));
}

/** Records are matched on values, so a key cannot have a reference that names its record by another key. */
function requireValues(key: readonly Column[], named: ReadonlyMap<Column, string>): void {
  const without = key.filter((column) => named.has(column));
  if (without.length > 0)
    throw validationFailed(
      without.map(({ name }) => ({
        field: name,
        message: "must be an id, because records are matched on it",
      })),
    );
}

type Values = ReadonlyMap<Column, SqlValue>;

function upsertOf(
  target: RecordTarget,
  { key, sent, named }: Upsert,
  values: Values,
): Omit<PlannedWrite, "statement" | "requires"> {
  const { entity } = target.stored;
  return {
    values,
    id: undefined,
    ...viewsOf(target, { matching: new Map(key.map((column) => [column, sent.get(column) ?? null])) }),
    shape: ([row = []]) => shapeRow(entity, row, target.entity),
    diagnose(failure) {
      const existing = { query: render(compileFindMatching(entity, key, sent)), sent };
      return diagnoseWrite(failure, { ...attemptOf(target, "update"), values, named, existing });
    },
  };
}
