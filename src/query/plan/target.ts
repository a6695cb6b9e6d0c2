import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Predicate } from "./predicate.ts";

/**
 * What the caller may read. An entity outside it behaves in paths, expansions, filters, sorts and suggestions
 * exactly like one that does not exist. Required in every plan; the compiler refuses tables outside it, and narrows every
 * use of a table to the records that exist for the caller.
 */
export interface ReadScope {
  canRead(entityName: string): boolean;
  /** What holds of the records that exist for the caller; null: all of them do. */
  rowsOf(entityName: string): Predicate | null;
}

export const READ_EVERYTHING: ReadScope = { canRead: () => true, rowsOf: () => null };

/** The entity that names are resolved on, in its workspace, for one caller. */
export interface QueryTarget {
  readonly catalog: Catalog;
  readonly entity: Entity;
  readonly scope: ReadScope;
}
