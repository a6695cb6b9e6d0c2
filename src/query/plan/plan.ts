import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import type { Direction, ExportFormat, MeasureFunction, NullsOrder } from "../ast.ts";
import type { Hop, Predicate } from "./predicate.ts";
import type { ReadScope } from "./target.ts";

/*
 * The resolved request: every name is a column or relationship, every value a stored value. No text of the client is
 * left.
 */

export type { Hop, Predicate } from "./predicate.ts";

/** A column, reached over zero or more relationships. `name` is the dotted name. */
export interface FieldPath {
  readonly name: string;
  readonly hops: readonly Hop[];
  readonly column: Column;
}

export interface SortKey extends FieldPath {
  readonly direction: Direction;
  readonly nulls: NullsOrder;
  readonly isNullable: boolean;
}

/** How to show a record: columns in schema order, and the expanded relationships. */
export interface Selection {
  readonly entity: Entity;
  readonly columns: readonly Column[];
  readonly expansions: readonly Expansion[];
}

export interface Expansion {
  readonly hop: Hop;
  readonly selection: Selection;
}

/** The records of one entity, and their order. Lists and exports share it. */
export interface Selector {
  readonly entity: Entity;
  readonly scope: ReadScope;
  /** A record must satisfy all of them. Empty means every record. */
  readonly predicates: readonly Predicate[];
  /** Ends with `id`, so the order is total. */
  readonly sort: readonly SortKey[];
}

export type PagePlan =
  | { readonly kind: "OFFSET"; readonly page: number; readonly size: number; readonly hasCount: boolean }
  /** `after` has one value per sort key. Null starts at the beginning. */
  | { readonly kind: "CURSOR"; readonly after: readonly SqlValue[] | null; readonly size: number };

export interface ListPlan extends Selector {
  readonly selection: Selection;
  readonly page: PagePlan;
  /** Ties a cursor to entity and sort. */
  readonly fingerprint: string;
}

export interface RecordViewPlan {
  readonly entity: Entity;
  readonly scope: ReadScope;
  readonly selection: Selection;
}

export interface ExportPlan extends Selector {
  readonly format: ExportFormat;
  /** For CSV: whether texts that a spreadsheet would run get an apostrophe in front. */
  readonly escapesFormulas: boolean;
  readonly selection: Selection;
}

export interface Measure {
  readonly function: MeasureFunction;
  readonly field: FieldPath | null;
}

export interface AggregateSortKey {
  readonly direction: Direction;
  readonly nulls: NullsOrder;
  /** The position in the plan's `groupBy` or `measures`. */
  readonly by: { readonly kind: "GROUP" | "MEASURE"; readonly index: number };
}

export interface AggregatePlan {
  readonly entity: Entity;
  readonly scope: ReadScope;
  readonly predicates: readonly Predicate[];
  readonly measures: readonly Measure[];
  readonly groupBy: readonly FieldPath[];
  readonly sort: readonly AggregateSortKey[];
}
