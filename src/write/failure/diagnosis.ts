import type { AppError } from "../../errors/app-error.ts";
import type { Rows, Statement } from "../../model/sql-value.ts";

/** Explains why the database refused a statement: the questions to ask, and the conclusion. Most need no question. */
export interface Diagnosis {
  readonly questions: readonly Statement[];
  /**
   * Maps rows by question to the client's error; undefined if the client may not know it. Without rows, because the
   * questions could not be asked, returns the best error that is known.
   */
  conclude(answers: readonly Rows[] | undefined): AppError | undefined;
}

/** A diagnosis that needs no question. */
export const known = (error: AppError | undefined): Diagnosis => ({ questions: [], conclude: () => error });

/** The same diagnosis with its error changed, for instance to name its item. */
export const mapDiagnosis = (
  { questions, conclude }: Diagnosis,
  change: (error: AppError) => AppError,
): Diagnosis => ({
  questions,
  conclude(answers) {
    const error = conclude(answers);
    return error && change(error);
  },
});
