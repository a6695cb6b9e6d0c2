import type { ColumnFamily } from "../columns/column-type.ts";

/** What the document must know of the query language; given by whoever may see both. */
export interface QueryFacts {
  readonly operators: Readonly<Record<string, OperatorFacts>>;
  readonly measures: readonly string[];
  readonly defaultPageSize: number;
  readonly maxPageSize: number;
  readonly maxSortKeys: number;
  readonly maxMeasures: number;
  readonly maxBatchItems: number;
}

export interface OperatorFacts {
  readonly takes: "ONE" | "LIST" | "PAIR" | "FLAG";
  readonly families: readonly ColumnFamily[];
}
