import { type Catalog, entityNamed } from "./catalog.ts";
import type { Column } from "./column.ts";
import type { Entity } from "./entity.ts";

/**
 * Whether records of `owner` can block the delete of a record that they refer to: RESTRICT, or a reference that they
 * must keep.
 */
export function canHold(owner: Entity, { name, references }: Column): boolean {
  if (references?.onDelete !== "SET_NULL") return references?.onDelete === "RESTRICT";
  return owner.constraints.some((rule) => rule.type === "CONDITIONAL_REQUIRED" && rule.field === name);
}

/**
 * Whether a refused delete would reveal records that the key may not read. A hidden record can block the delete or a
 * cascade, and a cascade in a circle can become deeper than the database follows. `isWhole` says whether the key may
 * read all records of an entity, and the given column.
 */
export function doesDeleteTell(
  catalog: Catalog,
  deleted: Entity,
  isWhole: (name: string, column: Column) => boolean,
): boolean {
  const seen = new Set<string>();
  const entered = new Set<string>();
  const visit = (name: string, isHidden: boolean): boolean => {
    const place = `${isHidden} ${name}`;
    if (seen.has(place)) return isHidden && entered.has(place);
    seen.add(place);
    entered.add(place);
    const tells = entityNamed(catalog, name).inbound.some(({ entity, column }) => {
      const hides = isHidden || !isWhole(entity, column);
      if (canHold(entityNamed(catalog, entity), column)) return hides;
      return column.references?.onDelete === "CASCADE" && visit(entity, hides);
    });
    entered.delete(place);
    return tells;
  };
  return visit(deleted.name, false);
}
