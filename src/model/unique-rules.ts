import type { Column } from "./column.ts";
import type { Entity } from "./entity.ts";

/** The columns of each unique rule of an entity, except the one of its id. */
export function uniqueRulesOf(entity: Entity): readonly (readonly Column[])[] {
  const single = entity.columns.filter(({ unique, name }) => unique && name !== "id");
  const composite = entity.constraints.flatMap((constraint) => {
    if (constraint.type !== "UNIQUE_COMPOSITE") return [];
    const columns = constraint.fields.map((field) => entity.columnByName.get(field));
    const known = columns.filter((column) => column !== undefined);
    return known.length === columns.length ? [known] : [];
  });
  return [...single.map((column) => [column]), ...composite];
}

/** The unique rule over exactly these fields, in any order. */
export function findUniqueRule(entity: Entity, fields: readonly string[]): readonly Column[] | undefined {
  const wanted = new Set(fields);
  return uniqueRulesOf(entity).find(
    (columns) => columns.length === fields.length && columns.every(({ name }) => wanted.has(name)),
  );
}
