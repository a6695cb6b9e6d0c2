import type { SqlValue, Statement } from "../../model/sql-value.ts";

/** Rows of one statement's result, each in the order of its columns. */
export type Rows = readonly (readonly SqlValue[])[];

/** Statements of one batch, and the function that turns their results, in the same order, into the answer. */
export interface Compiled<Answer> {
  readonly statements: readonly Statement[];
  /** Cells of a row of the first statement, when only one statement follows, or none, and that gives one value. */
  readonly pageWidth?: number;
  shape(results: readonly Rows[]): Answer;
}
