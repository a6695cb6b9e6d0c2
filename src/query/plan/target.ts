import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Predicate } from "./predicate.ts";

/**
 * The entities and records that the caller may read. In paths, expansions, filters, sorts and suggestions, an entity
 * outside it looks exactly like one that does not exist. Every plan requires it. The compiler refuses tables outside
 * it, and narrows every use of a table to the caller's records.
 */
export interface ReadScope {
  canRead(entityName: string): boolean;
  /** The predicate of the records that exist for the caller; null if all do. */
  rowsOf(entityName: string): Predicate | null;
}

export const READ_EVERYTHING: ReadScope = { canRead: () => true, rowsOf: () => null };

/** The entity that names are resolved on, in its workspace, for one caller. */
export interface QueryTarget {
  readonly catalog: Catalog;
  readonly entity: Entity;
  readonly scope: ReadScope;
}
