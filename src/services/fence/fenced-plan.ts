import type { KeptRequest } from "../../db/idempotency.ts";
import type { AppError } from "../../errors/app-error.ts";
import type { Item, Rows } from "../../libsql/database.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import type { StepOutcome } from "../../libsql/step.ts";
import type { Access } from "../../model/access.ts";
import type { Need } from "../../model/access-mode.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { WorkspaceView } from "../../model/workspace.ts";

/** Statements that stand or fall together. */
export interface FencedPlan<T> {
  readonly statements: readonly Statement[];
  /** The statements are a page, rows of one text, and perhaps a single value: they are read together with the fence. */
  readonly isPage?: boolean;
  /** How long they may take; the default is that of every request. */
  readonly timeoutMs?: number;
  /** The same, when the last statement is the write and those before it are what it requires. */
  readonly single?: SingleWrite;
  /** Rows by statement → the result. */
  shape(results: readonly Rows[]): T;
  /** What to tell the client of a statement that was refused; may ask the database why. */
  explain?(failure: SqlFailure): Promise<unknown>;
  /** The result again, from what the statements have kept of it. Required of writes. */
  replay?(kept: KeptRequest): T;
}

/** A query that must find something for a write to mean anything, and what to say when it does not. */
export interface Requirement {
  readonly query: Statement;
  otherwise(): AppError;
}

/** A write of one record, which gives a row if it is done. */
export interface SingleWrite {
  readonly statement: Statement;
  readonly requires: readonly Requirement[];
}

/** Writes that are independent of each other: one that fails undoes only itself. */
export interface IndependentPlan<T> {
  readonly independent: readonly Item[];
  /** Outcomes by item → the result. */
  conclude(outcomes: readonly StepOutcome[]): Promise<T>;
  replay(kept: KeptRequest): T;
}

/** What a request is planned on: the schema, and what the caller may do with it. */
export interface PlanningView extends WorkspaceView {
  readonly access: Access;
}

export interface FencedWork<T> {
  readonly need: Need;
  /** Pure. Its errors reach the client only after the fence has found nothing that comes before them. */
  plan(view: PlanningView): FencedPlan<T> | IndependentPlan<T>;
}
