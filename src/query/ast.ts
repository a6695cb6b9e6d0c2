import type { JsonValue } from "../model/json.ts";
import type { OperatorName } from "./operators.ts";

/* The parsed request, before any entity is known: names are text, and values are not parsed. */

export type Direction = "asc" | "desc";
export type NullsOrder = "nullsFirst" | "nullsLast";
export type Path = readonly string[];

/** `origin` is the place that messages name: `filter[age.gte]`, or `filter` for the JSON tree. */
export type FilterAst =
  | { readonly kind: "GROUP"; readonly operator: "and" | "or"; readonly nodes: readonly FilterAst[] }
  | { readonly kind: "NOT"; readonly node: FilterAst }
  /**
   * `node` must be true for the record at the end of `path`; for to-many, for one related record. `firstKey` is for
   * messages.
   */
  | { readonly kind: "WITHIN"; readonly path: Path; readonly firstKey: string; readonly node: FilterAst }
  | { readonly kind: "CONDITION"; readonly path: Path; readonly origin: string; readonly test: TestAst };

export interface TestAst {
  readonly operator: OperatorName;
  /** Texts in bracket form, JSON values in JSON form. In rules, an object among them is an operand. */
  readonly values: readonly string[] | readonly JsonValue[];
  readonly form: "TEXT" | "JSON";
}

export interface SortTermAst {
  readonly path: Path;
  readonly direction: Direction;
  /** Null for the direction's default. */
  readonly nulls: NullsOrder | null;
}

export type PageAst =
  | { readonly kind: "OFFSET"; readonly page: number; readonly size: number; readonly hasCount: boolean }
  /** An empty cursor starts at the beginning. */
  | { readonly kind: "CURSOR"; readonly cursor: string; readonly size: number };

/** Null if absent, so the entity's defaults apply. */
export interface ViewAst {
  readonly fields: readonly Path[] | null;
  readonly expand: readonly Path[] | null;
}

export interface ListAst {
  readonly page: PageAst;
  readonly sort: readonly SortTermAst[];
  readonly filter: readonly FilterAst[];
  readonly view: ViewAst;
}

export const MEASURE_FUNCTIONS = ["count", "countDistinct", "sum", "avg", "min", "max"] as const;
export type MeasureFunction = (typeof MEASURE_FUNCTIONS)[number];

export interface MeasureAst {
  readonly function: MeasureFunction;
  /** Null for `count` alone. */
  readonly path: Path | null;
}

export interface AggregateAst {
  readonly measures: readonly MeasureAst[];
  readonly groupBy: readonly Path[];
  readonly sort: readonly SortTermAst[];
  readonly filter: readonly FilterAst[];
}

export type ExportFormat = "csv" | "ndjson";

export interface ExportAst {
  readonly format: ExportFormat;
  /** For CSV: whether texts that a spreadsheet would run get an apostrophe in front. */
  readonly escapesFormulas: boolean;
  readonly sort: readonly SortTermAst[];
  readonly filter: readonly FilterAst[];
  readonly fields: readonly Path[] | null;
}
