import { type Catalog, entityNamed } from "./catalog.ts";
import type { Column } from "./column.ts";
import type { Entity } from "./entity.ts";

/** Whether records of `owner` can stand against the delete of what they refer to: it is forbidden, or they must not lose it. */
export function canHold(owner: Entity, { name, references }: Column): boolean {
  if (references?.onDelete !== "SET_NULL") return references?.onDelete === "RESTRICT";
  return owner.constraints.some((rule) => rule.type === "CONDITIONAL_REQUIRED" && rule.field === name);
}

/**
 * Whether a refused delete of a record would tell of records that the key may not read, or of what is cascaded through:
 * who holds it is one reason, and cascades in a circle can become deeper than the database follows. `isWhole` says whether
 * the key may read all records of an entity, and their column.
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
