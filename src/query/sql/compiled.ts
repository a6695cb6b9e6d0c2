import type { SqlValue, Statement } from "../../model/sql-value.ts";

/** Rows of one statement's result, each in the order of its columns. */
export type Rows = readonly (readonly SqlValue[])[];

/** Statements of one batch, and the function that turns their results, in the same order, into the answer. */
export interface Compiled<Answer> {
  readonly statements: readonly Statement[];
  /** The first statement gives rows of one text, and one more, if there is one, a single value. */
  readonly isPage?: boolean;
  shape(results: readonly Rows[]): Answer;
}
