import type { SqlValue, Statement } from "../model/sql-value.ts";

/** One statement of a batch; it runs when the step at index `after` succeeded. */
export interface Step extends Statement {
  readonly after?: number;
  /** Whether it is left out, too, when the database has ended the transaction by itself. */
  readonly isInTransaction?: boolean;
}

export type StepOutcome =
  | { readonly status: "DONE"; readonly rows: readonly (readonly SqlValue[])[]; readonly affected: number }
  | { readonly status: "FAILED"; readonly code: string; readonly message: string }
  | { readonly status: "SKIPPED" };

/**
 * Runs the steps in order on one connection and leaves no transaction open. Returns one outcome for each step; a
 * statement that fails is an outcome. Throws SERVICE_UNAVAILABLE when the result is unknown or nothing could be run.
 */
export type RunSteps = (steps: readonly Step[], timeoutMs: number) => Promise<readonly StepOutcome[]>;

/** A database in the process of the server, which takes the place of LIBSQL_URL. */
export interface LocalDatabase {
  /** Returns what runs the steps of a request; undefined stands for work that no client waits for. */
  stepsFor(request: Request | undefined): RunSteps;
}
