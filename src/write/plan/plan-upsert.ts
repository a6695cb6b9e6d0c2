import { recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import { badRequest, uniqueViolation, validationFailed } from "../../errors/failures.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { shapeRow } from "../../query/sql/shape-record.ts";
import { diagnoseWrite, shownValue } from "../failure/diagnose-write.ts";
import { type Assignments, withChanges } from "../sql/assignments.ts";
import { compileFindMatching } from "../sql/find.ts";
import { changingOnly, compileUpsert } from "../sql/insert.ts";
import { onlyIf, render } from "../sql/statement.ts";
import { compileUpdateMatching } from "../sql/update.ts";
import { keptConditionsOf } from "./kept-fields.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { separateChanges, withoutChanges } from "./relative-changes.ts";
import {
  amongVisible,
  attemptOf,
  checksOf,
  contextFor,
  probeAlone,
  type RuleCondition,
  refusalOf,
  rowsCondition,
  withConditions,
} from "./rules.ts";
import { viewsOf } from "./views.ts";

/** The columns of a unique rule that `upsertBy` names. Throws BAD_REQUEST. */
export function upsertKeyOf(entity: Entity, upsertBy: string): readonly Column[] {
  const names = upsertBy.split(",");
  const rules = [
    ...entity.columns.filter(({ unique, name }) => unique && name !== "id").map(({ name }) => [name]),
    ...entity.constraints.flatMap((constraint) =>
      constraint.type === "UNIQUE_COMPOSITE" ? [constraint.fields] : [],
    ),
  ];
  const wanted = new Set(names);
  const rule = rules.find(
    (fields) => fields.length === names.length && fields.every((field) => wanted.has(field)),
  );
  const columns = rule?.map((field) => entity.columnByName.get(field)) ?? [];
  const key = columns.filter((column) => column !== undefined);
  if (key.length === 0) throw badRequest(`upsertBy '${upsertBy}' is not a unique rule of ${entity.name}`);
  return key;
}

export interface UpsertRequest {
  readonly key: readonly Column[];
  readonly body: JsonObject;
}

/**
 * Creates the record, or changes what is sent of the one that has the same key. A body that is not enough for a create
 * is refused only when no record has the key. Throws VALIDATION_ERROR, FORBIDDEN.
 */
export function planUpsert(
  target: RecordTarget,
  request: UpsertRequest,
  context: ValidationContext,
): PlannedWrite {
  const { entity } = target.stored;
  const { key, body } = request;
  requireKey(request);
  const validator = recordValidatorOf(entity);
  const separated = separateChanges(entity, body, contextFor(target, context, "update"));
  const change = validator.validateUpdate(separated.body, undefined, separated.context);
  if (!change.ok) throw refusalOf(target, "update", change.details);
  const sent = change.values;
  const kept = keptConditionsOf(target, change.kept);
  const written = withChanges(sent, separated.changes);
  const changed = new Map([...written].filter(([column]) => !key.includes(column)));
  const plain = withoutChanges(entity, body, contextFor(target, context, "create"));
  const creation = validator.validateCreate(plain.body, plain.context);
  const taken = requireVisible(target, { key, sent });
  if (creation.ok) {
    const { values } = creation;
    const upsert = compileUpsert(entity, key, { created: values, changed });
    const checks = checksOfUpsert(target, { key, sent, kept, created: values, changed });
    const { statement, requires } = withConditions(upsert, checks, probeAlone);
    return {
      ...upsertOf(target, key, { sent, values }),
      statement: taken ? changingOnly(statement, taken.rows) : statement,
      requires: [...(taken ? [taken] : []), ...requires],
    };
  }
  const update = amongVisible(
    compileUpdateMatching(entity, key, { matched: sent, changed }),
    target,
    "update",
  );
  const found = amongVisible(compileFindMatching(entity, key, sent), target, "update");
  const checks = [...kept, ...checksOf(target, { operation: "update", values: sent, written: changed })];
  const { statement, requires } = withConditions(update, checks, (condition) =>
    render(onlyIf(found, condition)),
  );
  const exists = {
    query: () => render(found),
    otherwise: () => refusalOf(target, "create", creation.details),
  };
  return {
    ...upsertOf(target, key, { sent, values: sent }),
    statement,
    requires: [...(taken ? [taken] : []), exists, ...requires],
  };
}

interface Matched {
  readonly key: readonly Column[];
  readonly sent: Values;
}

/** No record that does not exist for the caller has the key; undefined when all exist. */
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

interface UpsertWriting extends Matched {
  readonly kept: readonly RuleCondition[];
  readonly created: Values;
  readonly changed: Assignments;
}

/** Each check concerns only what the upsert turns out to be. */
function checksOfUpsert(
  target: RecordTarget,
  { key, sent, kept, created, changed }: UpsertWriting,
): readonly RuleCondition[] {
  const { entity } = target.stored;
  const match = compileFindMatching(entity, key, sent);
  const exists = render(match);
  const whenCreated = checksOf(target, { operation: "create", values: created, written: created });
  const whenChanged = [...kept, ...checksOf(target, { operation: "update", values: sent, written: changed })];
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
    throw validationFailed(missing.map(({ name }) => ({ field: name, message: `${name} is required` })));
}

type Values = ReadonlyMap<Column, SqlValue>;

function upsertOf(
  target: RecordTarget,
  key: readonly Column[],
  { sent, values }: { readonly sent: Values; readonly values: Values },
): Omit<PlannedWrite, "statement" | "requires"> {
  const { entity } = target.stored;
  return {
    values,
    id: undefined,
    ...viewsOf(target, { matching: new Map(key.map((column) => [column, sent.get(column) ?? null])) }),
    shape: ([row = []]) => shapeRow(entity, row, target.entity),
    diagnose(failure) {
      const existing = { query: render(compileFindMatching(entity, key, sent)), sent };
      return diagnoseWrite(failure, { ...attemptOf(target, "update"), values, existing });
    },
  };
}
