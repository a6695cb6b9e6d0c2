import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";

/**
 * What the caller may read. An entity outside it behaves in paths, expansions, filters, sorts and suggestions
 * exactly like one that does not exist. Required in every plan; the compiler refuses tables outside it.
 */
export interface ReadScope {
  canRead(entityName: string): boolean;
}

export const READ_EVERYTHING: ReadScope = { canRead: () => true };

/** The entity that names are resolved on, in its workspace, for one caller. */
export interface QueryTarget {
  readonly catalog: Catalog;
  readonly entity: Entity;
  readonly scope: ReadScope;
}
