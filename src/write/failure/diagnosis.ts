import type { AppError } from "../../errors/app-error.ts";
import type { Rows, Statement } from "../../model/sql-value.ts";

/** Why the database refused a statement: what has to be asked to know it, and what follows. Most need no question. */
export interface Diagnosis {
  readonly questions: readonly Statement[];
  /**
   * Rows by question → what to tell the client; undefined when a client may not know it. Without answers, because they
   * could not be asked for any more, the best that is known.
   */
  conclude(answers: readonly Rows[] | undefined): AppError | undefined;
}

/** A diagnosis that needs no question. */
export const known = (error: AppError | undefined): Diagnosis => ({ questions: [], conclude: () => error });

/** The same diagnosis with its error changed, such as by the item that it belongs to. */
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
