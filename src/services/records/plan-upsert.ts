import { recordValidatorOf, type Surroundings } from "../../columns/validate-record.ts";
import { badRequest, validationFailed } from "../../errors/failures.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { compileGetMatching, compileUpdateWhere, compileUpsert } from "../../query/sql/record-statements.ts";
import { shapeRow } from "../../query/sql/shape-record.ts";
import { type AttemptedWrite, diagnoseWrite } from "./diagnose-failure.ts";
import { type PlannedWrite, viewsOf } from "./planned-write.ts";

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
  const known = columns.filter((column) => column !== undefined);
  if (known.length === 0) throw badRequest(`upsertBy '${upsertBy}' is not a unique rule of ${entity.name}`);
  return known;
}

/**
 * Creates the record, or changes what is sent of the one that has the same key. What a create would miss is missed only
 * when there is no such record. Throws VALIDATION_ERROR.
 */
export function planUpsert(
  { catalog, entity }: QueryTarget,
  { key, body }: { readonly key: readonly Column[]; readonly body: JsonObject },
  now: Surroundings,
): PlannedWrite {
  const missing = key.filter(({ name }) => !Object.hasOwn(body, name) || body[name] === null);
  if (missing.length > 0) {
    throw validationFailed(missing.map(({ name }) => ({ field: name, message: `${name} is required` })));
  }
  const change = recordValidatorOf(entity).validateUpdate(body, null, now);
  if (!change.ok) throw validationFailed(change.details);
  const sent = change.values;
  const changed = new Map([...sent].filter(([column]) => !key.includes(column)));
  const existing = { query: compileGetMatching(entity, key, sent), sent };
  const match = { matching: new Map(key.map((column) => [column, sent.get(column) ?? null])) };
  const creation = recordValidatorOf(entity).validateCreate(body, now);
  if (creation.ok) {
    const { values } = creation;
    const statement = compileUpsert(entity, key, { created: values, changed });
    return { ...upsertOf({ catalog, entity, existing }, { statement, values }), ...viewsOf(match) };
  }
  const statement = compileUpdateWhere(entity, key, { matched: sent, changed });
  const otherwise = () => validationFailed(creation.details);
  const requires = [{ query: existing.query, otherwise }];
  return {
    ...upsertOf({ catalog, entity, existing }, { statement, values: sent }),
    ...viewsOf(match),
    requires,
  };
}

function upsertOf(
  { catalog, entity, existing }: Pick<AttemptedWrite, "catalog" | "entity" | "existing">,
  { statement, values }: Pick<PlannedWrite, "statement" | "values">,
): Omit<PlannedWrite, "view" | "keep" | "checks"> {
  return {
    statement,
    values,
    id: undefined,
    requires: [],
    shape: ([row = []]) => shapeRow(entity, row),
    diagnose: (failure) => diagnoseWrite(failure, { catalog, entity, values, ...(existing && { existing }) }),
  };
}
