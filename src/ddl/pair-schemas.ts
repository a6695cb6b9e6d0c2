import type { Catalog } from "../model/catalog.ts";
import type { Column } from "../model/column.ts";
import type { Entity } from "../model/entity.ts";

/** A column before and after a change; one of them may be absent. Never the `id`. */
export interface ColumnPair {
  readonly before: Column | undefined;
  readonly after: Column | undefined;
}

/** An entity before and after a change; one of them may be absent. */
export interface EntityPair {
  readonly before: Entity | undefined;
  readonly after: Entity | undefined;
  /** Columns of `after` in its order, then the dropped ones. */
  readonly columns: readonly ColumnPair[];
}

/** Two schemas of one workspace, matched by stable ids. */
export interface SchemaPair {
  readonly before: Catalog;
  readonly after: Catalog;
  /** Entities of `after` in its order, then the dropped ones. */
  readonly entities: readonly EntityPair[];
}

export function pairSchemas(before: Catalog, after: Catalog): SchemaPair {
  const pairs = pairById([...before.entities.values()], [...after.entities.values()]);
  const entities = pairs.map((pair) => ({
    ...pair,
    columns: pairById(pair.before?.definition.columns ?? [], pair.after?.definition.columns ?? []),
  }));
  return { before, after, entities };
}

interface Pair<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

function pairById<T extends { readonly id: string }>(
  before: readonly T[],
  after: readonly T[],
): readonly Pair<T>[] {
  const old = new Map(before.map((item) => [item.id, item]));
  const kept = new Set(after.map(({ id }) => id));
  return [
    ...after.map((item) => ({ before: old.get(item.id), after: item })),
    ...before.filter(({ id }) => !kept.has(id)).map((item) => ({ before: item, after: undefined })),
  ];
}
