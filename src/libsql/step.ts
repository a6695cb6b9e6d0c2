import type { SqlValue, Statement } from "../model/sql-value.ts";

/** A statement of a batch. It runs only if the step at index `after` succeeded. */
export interface Step extends Statement {
  readonly after?: number;
  /** Whether to skip it also if the database has ended the transaction by itself. */
  readonly isInTransaction?: boolean;
}

export type StepOutcome =
  | { readonly status: "DONE"; readonly rows: readonly (readonly SqlValue[])[]; readonly affected: number }
  | { readonly status: "FAILED"; readonly code: string; readonly message: string }
  | { readonly status: "SKIPPED" };

/**
 * Runs the steps in order on one connection and leaves no transaction open. Returns one outcome for each step; a
 * failing statement is an outcome. Throws SERVICE_UNAVAILABLE if the result is unknown or nothing could run.
 */
export type RunSteps = (
  steps: readonly Step[],
  timeoutMs: number,
  isWrite?: boolean,
) => Promise<readonly StepOutcome[]>;

/** The client for whom statements run. The server knows who it is only after it has authenticated the request. */
export interface Requester {
  readonly request: Request;
  /** Statements of different lanes run in turn: one lane for each workspace, and one for the admin API. */
  lane(): string;
  /** Statements of one principal are limited together. */
  principal(): string;
}

/** A database in the server's own process, used instead of LIBSQL_URL. */
export interface LocalDatabase {
  /** Returns the function that runs the steps of a request; undefined means background work. */
  stepsFor(requester: Requester | undefined): RunSteps;
}
