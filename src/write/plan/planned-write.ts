import { isGuardFailure, requireSome } from "../../db/write-guard.ts";
import { writtenTooLarge } from "../../errors/failures.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import type { Column } from "../../model/column.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Rows, SqlValue } from "../../model/sql-value.ts";
import { MAX_WRITTEN_LENGTH } from "../../query/limits.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import type { OverflowCheck } from "../../query/sql/expansion-bounds/compile-overflow.ts";
import type { CompiledView } from "../../query/sql/record/compile-record-view.ts";
import type { TaggedRecord } from "../../query/sql/record/shape-record.ts";
import { type Diagnosis, known } from "../failure/diagnosis.ts";
import type { Assignments } from "../sql/assignments.ts";
import type { RecordStatement } from "../sql/statement.ts";
import { FORGET_IDS, type Remembering } from "./references.ts";
import type { Requirement, WriteStep } from "./write-plan.ts";

/** A validated write of one record, ready for any plan. */
export interface PlannedWrite {
  readonly statement: RecordStatement;
  /** The values that it stores, by column; empty for a delete. */
  readonly values: ReadonlyMap<Column, SqlValue>;
  /** What one INSERT of many records stores; undefined if more must hold than the constraints of the database. */
  readonly inserted?: Assignments;
  /** Undefined until the database generates one. */
  readonly id: SqlValue | undefined;
  /** Requirements that must hold before it. */
  readonly requires: readonly Requirement[];
  /** Remembers the record's id for its view and for later writes, if they could not find the record otherwise. */
  readonly remember?: Remembering;
  /** Converts the statement's rows, at least one, to the record; null for a delete. */
  shape(rows: Rows): TaggedRecord | null;
  /** The record as a view shows it. The query must follow the write. Null for a delete. */
  view(plan: RecordViewPlan): CompiledView | null;
  /** Checks for a view that is too large. The queries must follow the write. */
  checks(plan: RecordViewPlan): readonly OverflowCheck[];
  diagnose(failure: SqlFailure): Diagnosis;
}

/** A step that fails the transaction unless the requirement is met. In SQL, an UPDATE of no row is not an error. */
export const requirementStep = ({ query, otherwise }: Requirement): WriteStep => ({
  statement: requireSome(query()),
  diagnose: (failure) => known(isGuardFailure(failure) ? otherwise() : undefined),
});

export interface WriteSteps {
  readonly steps: readonly WriteStep[];
  /** The position of the write itself among them. */
  readonly position: number;
}

/** A write in a transaction: `own`, with its requirements before it, and the step that remembers its record. */
export function stepsOfWrite({ requires, remember }: PlannedWrite, own: WriteStep): WriteSteps {
  const before = requires.map(requirementStep);
  if (!remember) return { steps: [...before, own], position: before.length };
  const { statement, isBefore } = remember;
  return isBefore
    ? { steps: [...before, { statement }, own], position: before.length + 1 }
    : { steps: [...before, own, { statement }], position: before.length };
}

/** Ends a transaction that may have remembered ids. */
export const forgetAfter = (writes: readonly PlannedWrite[]): readonly WriteStep[] =>
  writes.some(({ remember }) => remember) ? [{ statement: FORGET_IDS }] : [];

/** The record that a write returned; null for a delete. Throws the write's error if it found nothing. */
export function recordOf(write: PlannedWrite, rows: Rows): JsonObject | null {
  const [first] = write.requires;
  if (rows.length === 0 && first) throw first.otherwise();
  return write.shape(rows)?.record ?? null;
}

/** Defaults, and references of a transaction, write more than was sent. Throws BAD_REQUEST if it is too much. */
export function limitWritten(writes: readonly PlannedWrite[]): void {
  let length = 0;
  for (const { statement } of writes) {
    for (const arg of statement.head.args) if (typeof arg === "string") length += arg.length;
    for (const arg of statement.onConflict?.args ?? []) if (typeof arg === "string") length += arg.length;
  }
  if (length > MAX_WRITTEN_LENGTH) throw writtenTooLarge();
}
