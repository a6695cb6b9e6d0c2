import type { AppError } from "../../errors/app-error.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import type { Rows, Statement } from "../../model/sql-value.ts";
import type { Diagnosis } from "../failure/diagnosis.ts";
import type { RecordStatement } from "../sql/statement.ts";

/*
 * The plans of writes that the fence runs. A plan says what to store for a replay of the request, but not whether to
 * store it: only the fence knows about Idempotency-Keys.
 */

/** Steps that happen all or none. */
export interface WritePlan<T> {
  readonly kind: "WRITE";
  readonly steps: readonly WriteStep[];
  /** How long they may take together. Default: the time of every request. */
  readonly timeoutMs?: number;
  /** Converts rows by step to the result. */
  shape(results: readonly Rows[]): T;
  /** Required for writes that may have an Idempotency-Key. */
  readonly replay?: Replay<T>;
  /** What to do if a step fails, instead of reporting why. */
  otherwise?(): EachPlan<T>;
}

/** A write of one record that is one statement. It returns a row if it is done. */
export interface SinglePlan<T> {
  readonly kind: "SINGLE";
  readonly statement: RecordStatement;
  readonly requires: readonly Requirement[];
  readonly keep: Keep;
  /** Converts the returned row to the result. */
  shape(rows: Rows): T;
  diagnose(failure: SqlFailure): Diagnosis;
  readonly replay: Replay<T>;
}

/** Independent writes: one that fails undoes only itself. */
export interface EachPlan<T> {
  readonly kind: "EACH";
  /** Built only if they run by themselves. */
  items(): readonly EachItem[];
  /**
   * The same work as one batch that expects success. The fence prefers it for a request with an Idempotency-Key,
   * because one row then stores what otherwise takes a statement for each item.
   */
  together?(): WritePlan<T>;
  /** Converts the outcomes of the items to the result. */
  conclude(outcomes: readonly ItemOutcome[]): T;
  /** What to store of a result if the stored steps do not show it; undefined if there is nothing. */
  keptOf(result: T): string | undefined;
  readonly replay: Replay<T>;
}

export interface WriteStep {
  readonly statement: Statement;
  readonly keep?: Keep;
  /** Why it failed. Absent if the failure is the server's own. */
  diagnose?(failure: SqlFailure): Diagnosis;
}

export interface EachItem extends Required<WriteStep> {
  /** Why it did nothing, if it did not fail. */
  readonly requires: readonly Requirement[];
}

/** The rows of a successful item and how many records it changed, or its failure. */
export type ItemOutcome = { readonly rows: Rows; readonly affected: number } | AppError;

/** A query that must find something before a write, and the error if it does not. */
export interface Requirement {
  query(): Statement;
  otherwise(): AppError;
}

/** What to store of a step, right after it. */
export interface Keep {
  readonly position: number;
  /** Finds the record as one cell, or nothing; undefined if it is enough to store that the step was done. */
  cell(): Statement | undefined;
  /** Finds something if a read-only step is done. Other steps are done if they have changed a record. */
  readonly isFound?: Statement | undefined;
}

/** How to replay the request. */
export interface Replay<T> {
  /** What to store of the request itself, before anything is done. */
  readonly content: string | null;
  /** Rebuilds the result. Throws IDEMPOTENCY_CONFLICT if too little was stored. */
  rebuild(kept: KeptRequest): T;
}

/** The stored outcome of a request. */
export interface KeptRequest {
  /** The stored content of the request itself. */
  readonly content: string | null;
  /** Records by position. */
  readonly records: ReadonlyMap<number, string>;
  /** Positions of other steps that were done. */
  readonly done: ReadonlySet<number>;
}

/** Steps whose failures are the server's own. */
export const stepsOf = (statements: readonly Statement[]): readonly WriteStep[] =>
  statements.map((statement) => ({ statement }));
