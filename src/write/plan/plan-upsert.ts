import { recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import { badRequest, validationFailed } from "../../errors/failures.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { shapeRow } from "../../query/sql/shape-record.ts";
import { diagnoseWrite } from "../failure/diagnose-write.ts";
import { withChanges } from "../sql/assignments.ts";
import { findMatching } from "../sql/find.ts";
import { upsertRecord } from "../sql/insert.ts";
import { render } from "../sql/statement.ts";
import { updateMatching } from "../sql/update.ts";
import type { PlannedWrite } from "./planned-write.ts";
import { separateChanges, withoutChanges } from "./relative-changes.ts";
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
 * is refused only when no record has the key. Throws VALIDATION_ERROR.
 */
export function planUpsert(
  target: QueryTarget,
  request: UpsertRequest,
  context: ValidationContext,
): PlannedWrite {
  const { entity } = target;
  const { key, body } = request;
  requireKey(request);
  const separated = separateChanges(entity, body, context);
  const change = recordValidatorOf(entity).validateUpdate(separated.body, null, separated.context);
  if (!change.ok) throw validationFailed(change.details);
  const sent = change.values;
  const written = withChanges(sent, separated.changes);
  const changed = new Map([...written].filter(([column]) => !key.includes(column)));
  const plain = withoutChanges(entity, body, context);
  const creation = recordValidatorOf(entity).validateCreate(plain.body, plain.context);
  if (creation.ok) {
    const { values } = creation;
    const statement = upsertRecord(entity, key, { created: values, changed });
    return { ...upsertOf(target, key, { sent, values }), statement, requires: [] };
  }
  const statement = updateMatching(entity, key, { matched: sent, changed });
  const query = render(findMatching(entity, key, sent));
  const requires = [{ query, otherwise: () => validationFailed(creation.details) }];
  return { ...upsertOf(target, key, { sent, values: sent }), statement, requires };
}

function requireKey({ key, body }: UpsertRequest): void {
  const missing = key.filter(({ name }) => !Object.hasOwn(body, name) || body[name] === null);
  if (missing.length > 0)
    throw validationFailed(missing.map(({ name }) => ({ field: name, message: `${name} is required` })));
}

type Values = ReadonlyMap<Column, SqlValue>;

function upsertOf(
  { catalog, entity }: QueryTarget,
  key: readonly Column[],
  { sent, values }: { readonly sent: Values; readonly values: Values },
): Omit<PlannedWrite, "statement" | "requires"> {
  return {
    values,
    id: undefined,
    ...viewsOf({ matching: new Map(key.map((column) => [column, sent.get(column) ?? null])) }),
    shape: ([row = []]) => shapeRow(entity, row),
    diagnose(failure) {
      const existing = { query: render(findMatching(entity, key, sent)), sent };
      return diagnoseWrite(failure, { catalog, entity, values, existing });
    },
  };
}
