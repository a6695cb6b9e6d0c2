import { uniqueViolation } from "../../errors/api-errors.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { EntityDefinition } from "../../model/entity.ts";

/** In order of the schema. */
export const definitionsOf = ({ entities }: Catalog): readonly EntityDefinition[] =>
  [...entities.values()].map(({ definition }) => definition);

/** The definitions with one of them replaced by its new form. */
export const withReplaced = (
  definitions: readonly EntityDefinition[],
  changed: EntityDefinition,
): readonly EntityDefinition[] => definitions.map((each) => (each.id === changed.id ? changed : each));

/** Throws UNIQUE_CONSTRAINT_VIOLATION if another definition has the name or the table. */
export function requireFree(
  { id, name, tableName }: EntityDefinition,
  definitions: readonly EntityDefinition[],
): void {
  const others = definitions.filter((each) => each.id !== id);
  if (others.some((other) => other.name === name)) throw uniqueViolation([{ field: "name", value: name }]);
  if (others.some((other) => other.tableName.toLowerCase() === tableName.toLowerCase())) {
    throw uniqueViolation([{ field: "tableName", value: tableName }]);
  }
}
