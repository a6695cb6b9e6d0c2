import type { AppError } from "../../errors/app-error.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import type { Rows, Statement } from "../../model/sql-value.ts";
import type { Diagnosis } from "../failure/diagnosis.ts";
import type { RecordStatement } from "../sql/statement.ts";

/*
 * What writes are planned as, for the fence to run. A plan says what to keep for a repetition of the request, but not
 * whether anything is kept: only the fence knows of Idempotency-Keys.
 */

/** Steps that happen all or not at all. */
export interface WritePlan<T> {
  readonly kind: "WRITE";
  readonly steps: readonly WriteStep[];
  /** How long they may take together; absent for the time that every request has. */
  readonly timeoutMs?: number;
  /** Rows by step → the result. */
  shape(results: readonly Rows[]): T;
  /** Required of writes that may have an Idempotency-Key. */
  readonly repetition?: Repetition<T>;
  /** What to do when a step fails, instead of telling why. */
  otherwise?(): EachPlan<T>;
}

/** A write of one record that is one statement and returns a row when it is done. */
export interface SinglePlan<T> {
  readonly kind: "SINGLE";
  readonly statement: RecordStatement;
  readonly requires: readonly Requirement[];
  readonly keep: Keep;
  /** The returned row → the result. */
  shape(rows: Rows): T;
  diagnose(failure: SqlFailure): Diagnosis;
  readonly repetition: Repetition<T>;
}

/** Writes that are independent of each other: one that fails undoes only itself. */
export interface EachPlan<T> {
  readonly kind: "EACH";
  /** Made only when they are run by themselves. */
  items(): readonly EachItem[];
  /**
   * The same work as one batch that counts on success. The fence prefers it for a request with an Idempotency-Key, because
   * one row then keeps what otherwise takes a statement for each item.
   */
  together?(): WritePlan<T>;
  /** What became of each item → the result. */
  conclude(outcomes: readonly ItemOutcome[]): T;
  /** What to keep of a result that no kept step can tell; undefined when there is nothing. */
  keptOf(result: T): string | undefined;
  readonly repetition: Repetition<T>;
}

export interface WriteStep {
  readonly statement: Statement;
  readonly keep?: Keep;
  /** Why it failed. Absent where a failure is the server's own. */
  diagnose?(failure: SqlFailure): Diagnosis;
}

export interface EachItem extends Required<WriteStep> {
  /** Why it did nothing, if it did not fail. */
  readonly requires: readonly Requirement[];
}

/** The rows of an item that was done and how many records it changed, or why it was not. */
export type ItemOutcome = { readonly rows: Rows; readonly affected: number } | AppError;

/** A query that must find something for a write to be done, and what to say when it does not. */
export interface Requirement {
  query(): Statement;
  otherwise(): AppError;
}

/** What to keep of a step, right after it. */
export interface Keep {
  readonly position: number;
  /** Finds the record as one cell, or nothing; undefined when it is enough to keep that the step was done. */
  cell(): Statement | undefined;
  /** Finds something when a step is done that only reads; other steps are done when they have changed a record. */
  readonly isFound?: Statement | undefined;
}

/** How a repetition of the request gets its answer. */
export interface Repetition<T> {
  /** What to keep of the request itself, before anything is done. */
  readonly content: string | null;
  /** The result again. Throws IDEMPOTENCY_CONFLICT when too little was kept. */
  replay(kept: KeptRequest): T;
}

/** What was kept of a request. */
export interface KeptRequest {
  /** What was kept of the request itself. */
  readonly content: string | null;
  /** Records by position. */
  readonly records: ReadonlyMap<number, string>;
  /** Positions of other steps that were done. */
  readonly done: ReadonlySet<number>;
}

/** Steps whose failures are the server's own. */
export const stepsOf = (statements: readonly Statement[]): readonly WriteStep[] =>
  statements.map((statement) => ({ statement }));
