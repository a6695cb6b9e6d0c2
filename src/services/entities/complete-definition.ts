import { DEFAULT_VARCHAR_LENGTH } from "../../columns/text.ts";
import { DEFAULT_PRECISION, DEFAULT_SCALE } from "../../columns/types/decimal.ts";
import { newId } from "../../lib/ids.ts";
import type { Column } from "../../model/column.ts";
import type { EntityDefinition, IdType } from "../../model/entity.ts";
import { defaultTableName, toSnakeCase } from "../../model/names.ts";
import { withoutUndefined } from "../without-undefined.ts";
import type { ColumnInput, EntityDefinitionInput } from "./entity-definition-schema.ts";

/** The type of an entity's id, for entities that a definition may refer to. */
export type IdTypeOf = (entityName: string) => IdType | undefined;

/**
 * Fills in all defaults of a definition. Parts of `before`, the definition that it replaces, keep their stable ids.
 * New parts get one.
 */
export function completeDefinition(
  input: EntityDefinitionInput,
  before: EntityDefinition | undefined,
  idTypeOf: IdTypeOf,
): EntityDefinition {
  const knownIdTypeOf: IdTypeOf = (name) => (name === input.name ? input.idType : idTypeOf(name));
  const known = matchExisting(input.columns, before?.columns ?? []);
  return {
    ...input,
    id: before?.id ?? newId("ent"),
    tableName: input.tableName ?? defaultTableName(input.name),
    columns: input.columns.map((column, i) => {
      return completeColumn(column, known[i]?.id ?? newId("col"), knownIdTypeOf);
    }),
    constraints: completeConstraints(input.constraints),
    indexes: input.indexes?.length ? input.indexes : undefined,
  };
}

export const completeConstraints = (constraints: EntityDefinitionInput["constraints"]) =>
  constraints.map(withoutUndefined) as EntityDefinition["constraints"];

interface NamedInput {
  readonly id?: string | undefined;
  readonly name: string;
  readonly previousNames?: readonly string[] | undefined;
}

/**
 * Matches each input with one of `existing`, each of which is taken once: by a known id; by a previous name if its
 * own name is new; by its name; finally by a previous name that has become free.
 */
export function matchExisting<T extends { readonly id: string; readonly name: string }>(
  inputs: readonly NamedInput[],
  existing: readonly T[],
): readonly (T | undefined)[] {
  const byId = new Map(existing.map((item) => [item.id, item]));
  const byName = new Map(existing.map((item) => [item.name, item]));
  const matches = inputs.map(({ id }) => (id === undefined ? undefined : byId.get(id)));
  const taken = new Set(matches);
  const free = (name: string) => {
    const found = byName.get(name);
    return found && !taken.has(found) ? found : undefined;
  };
  const byPrevious = ({ previousNames = [] }: NamedInput) => previousNames.map(free).find(Boolean);
  const passes = [
    (input: NamedInput) => (byName.has(input.name) ? undefined : byPrevious(input)),
    (input: NamedInput) => free(input.name),
    byPrevious,
  ];
  for (const find of passes) {
    for (const [i, input] of inputs.entries()) {
      if (matches[i]) continue;
      const found = find(input);
      matches[i] = found;
      if (found) taken.add(found);
    }
  }
  return matches;
}

/** Keys in the order in which people read a column: what it is, then what it may contain, then what it refers to. */
export function completeColumn(input: ColumnInput, id: string, idTypeOf: IdTypeOf): Column {
  const { references } = input;
  const completed = {
    id,
    name: input.name,
    previousNames: input.previousNames,
    columnName: input.columnName ?? toSnakeCase(input.name),
    description: input.description,
    type: references ? (idTypeOf(references.entity) ?? "INTEGER") : (input.type ?? "VARCHAR"),
    ...optionsOfType(input),
    nullable: input.nullable,
    unique: input.unique,
    indexed: input.indexed,
    default: input.default,
    constraints: input.constraints.map(withoutUndefined),
    references:
      references &&
      withoutUndefined({
        entity: references.entity,
        relationship: references.relationship ?? relationshipNameOf(input.name),
        inverse: references.inverse ?? null,
        onDelete: references.onDelete,
        description: references.description,
      }),
  };
  return withoutUndefined(completed) as Column;
}

/** `customerId` → `customer`. A column with another kind of name gets the suffix `Ref`. */
function relationshipNameOf(columnName: string): string {
  const match = /^(.+?)(?:Id|_id)$/.exec(columnName);
  return match?.[1] ?? `${columnName}Ref`;
}

/** The sent options that belong to one type, and that type's defaults. */
function optionsOfType({ type, length, precision, scale, values, generated, autoSet }: ColumnInput) {
  const sent = { length, precision, scale, values, generated, autoSet };
  if (type === "VARCHAR") return { ...sent, length: length ?? DEFAULT_VARCHAR_LENGTH };
  if (type !== "DECIMAL") return sent;
  const digits = precision ?? DEFAULT_PRECISION;
  return { ...sent, precision: digits, scale: scale ?? Math.min(DEFAULT_SCALE, digits) };
}
