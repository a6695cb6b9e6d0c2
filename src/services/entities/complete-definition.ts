import { DEFAULT_VARCHAR_LENGTH } from "../../columns/text.ts";
import { DEFAULT_PRECISION, DEFAULT_SCALE } from "../../columns/types/decimal.ts";
import { newId } from "../../lib/ids.ts";
import type { Column } from "../../model/column.ts";
import type { EntityDefinition, IdType } from "../../model/entity.ts";
import { defaultTableName, toSnakeCase } from "../../model/names.ts";
import { withoutUndefined } from "../without-undefined.ts";
import type { ColumnInput, EntityDefinitionInput } from "./entity-definition-schema.ts";

/** What an entity's id is, for the entities that a definition may refer to. */
export type IdTypeOf = (entityName: string) => IdType | undefined;

/**
 * A definition with every default filled in. What is in `before`, the definition that it replaces, keeps its stable id;
 * what is not is given one.
 */
export function completeDefinition(
  input: EntityDefinitionInput,
  before: EntityDefinition | undefined,
  idTypeOf: IdTypeOf,
): EntityDefinition {
  const knownIdTypeOf: IdTypeOf = (name) => (name === input.name ? input.idType : idTypeOf(name));
  const known = matchById(input.columns, before?.columns ?? []);
  return {
    ...input,
    id: before?.id ?? newId("ent"),
    tableName: input.tableName ?? defaultTableName(input.name),
    columns: input.columns.map((column, i) => {
      return completeColumn(column, known[i]?.id ?? newId("col"), knownIdTypeOf);
    }),
    constraints: completeConstraints(input.constraints),
  };
}

export const completeConstraints = (constraints: EntityDefinitionInput["constraints"]) =>
  constraints.map(withoutUndefined) as EntityDefinition["constraints"];

/**
 * For each input what it stands for among `existing`: by its id where that is known, else by its name among those that
 * no id has taken. Ids of another workspace mean nothing here.
 */
export function matchById<T extends { readonly id: string; readonly name: string }>(
  inputs: readonly { readonly id?: string | undefined; readonly name: string }[],
  existing: readonly T[],
): readonly (T | undefined)[] {
  const byId = new Map(existing.map((item) => [item.id, item]));
  const claimed = new Set(inputs.flatMap(({ id }) => (id !== undefined && byId.has(id) ? [id] : [])));
  const byName = new Map(existing.filter(({ id }) => !claimed.has(id)).map((item) => [item.name, item]));
  return inputs.map(({ id, name }) => (id !== undefined && byId.get(id)) || byName.get(name));
}

/** Keys in the order in which people read a column: what it is, then what it may hold, then what it points to. */
export function completeColumn(input: ColumnInput, id: string, idTypeOf: IdTypeOf): Column {
  const { references } = input;
  const completed = {
    id,
    name: input.name,
    columnName: input.columnName ?? toSnakeCase(input.name),
    type: references ? (idTypeOf(references.entity) ?? "INTEGER") : (input.type ?? "VARCHAR"),
    ...optionsOfType(input),
    nullable: input.nullable,
    unique: input.unique,
    indexed: input.indexed,
    default: input.default,
    constraints: input.constraints.map(withoutUndefined),
    references: references && {
      entity: references.entity,
      relationship: references.relationship ?? relationshipNameOf(input.name),
      inverse: references.inverse ?? null,
      onDelete: references.onDelete,
    },
  };
  return withoutUndefined(completed) as Column;
}

/** `customerId` → `customer`; a column that is not named so keeps its name with `Ref`. */
function relationshipNameOf(columnName: string): string {
  const match = /^(.+?)(?:Id|_id)$/.exec(columnName);
  return match?.[1] ?? `${columnName}Ref`;
}

/** What is sent of the options that belong to one type, and that type's defaults. */
function optionsOfType({ type, length, precision, scale, values, generated, autoSet }: ColumnInput) {
  const sent = { length, precision, scale, values, generated, autoSet };
  if (type === "VARCHAR") return { ...sent, length: length ?? DEFAULT_VARCHAR_LENGTH };
  if (type !== "DECIMAL") return sent;
  const digits = precision ?? DEFAULT_PRECISION;
  return { ...sent, precision: digits, scale: scale ?? Math.min(DEFAULT_SCALE, digits) };
}
