import { isGuardFailure, requireSome } from "../../db/write-guard.ts";
import { writtenTooLarge } from "../../errors/api-errors.ts";
import type { AppError } from "../../errors/app-error.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import type { Column } from "../../model/column.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Rows, SqlValue } from "../../model/sql-value.ts";
import { MAX_WRITTEN_LENGTH } from "../../query/limits.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import type { OverflowCheck } from "../../query/sql/expansion-bounds/compile-overflow.ts";
import type { CompiledView } from "../../query/sql/record/compile-record-view.ts";
import type { TaggedRecord } from "../../query/sql/record/shape-record.ts";
import { type Diagnosis, known, mapDiagnosis } from "../failure/diagnosis.ts";
import type { Assignments } from "../sql/assignments.ts";
import { type RecordStatement, render, returningNothing } from "../sql/statement.ts";
import { FORGET_IDS, type Remembering } from "./references.ts";
import type { Requirement, WriteStep } from "./write-plan.ts";

/** A validated write of one record, ready for any plan. */
export interface PlannedWrite {
  readonly statement: RecordStatement;
  /** The values that it stores, by column; empty for a delete. */
  readonly values: ReadonlyMap<Column, SqlValue>;
  /**
   * The values for one INSERT of many records; undefined if the write needs more checks than the database's
   * constraints.
   */
  readonly inserted?: Assignments;
  /** Undefined until the database generates one. */
  readonly id: SqlValue | undefined;
  /** Requirements that must be met before it. */
  readonly requires: readonly Requirement[];
  /** Remembers the record's id for its view and for later writes, if they could not find the record otherwise. */
  readonly remember?: Remembering;
  /** Nested records and links, which are created right after it, in order. */
  readonly nested?: readonly NestedWrite[];
  /** Converts the statement's rows, at least one, to the record; null for a delete. */
  shape(rows: Rows): TaggedRecord | null;
  /** The record as a view shows it. The query must follow the write. Null for a delete. */
  view(plan: RecordViewPlan): CompiledView | null;
  /** Checks for a view that is too large. The queries must follow the write. */
  checks(plan: RecordViewPlan): readonly OverflowCheck[];
  diagnose(failure: SqlFailure): Diagnosis;
}

export interface NestedWrite {
  readonly write: PlannedWrite;
  /** Adds the place of the record in the body to an error of its write. */
  tell(error: AppError): AppError;
}

/** A step that fails the transaction unless the requirement is met. In SQL, an UPDATE of no row is not an error. */
export const requirementStep = (
  { query, otherwise }: Requirement,
  diagnose: WriteStep["diagnose"],
): WriteStep => ({
  statement: requireSome(query()),
  diagnose: (failure) =>
    isGuardFailure(failure) ? known(otherwise()) : (diagnose?.(failure) ?? known(undefined)),
});

export interface WriteSteps {
  readonly steps: readonly WriteStep[];
  /** The position of the write itself among them. */
  readonly position: number;
}

/** A write in a transaction: `own`, its requirements, the step that remembers its record, and its nested writes. */
export function stepsOfWrite({ requires, remember, nested = [] }: PlannedWrite, own: WriteStep): WriteSteps {
  const remembering = remember ? [{ statement: remember.statement }] : [];
  const before = [
    ...requires.map((each) => requirementStep(each, own.diagnose)),
    ...(remember?.isBefore ? remembering : []),
  ];
  const { keep, ...write } = own;
  const after = [write, ...(remember?.isBefore ? [] : remembering)];
  const [last = write] = after.splice(-1);
  return {
    steps: [...before, ...after, { ...last, ...(keep && { keep }) }, ...nested.flatMap(nestedSteps)],
    position: before.length,
  };
}

function nestedSteps({ write, tell }: NestedWrite): readonly WriteStep[] {
  const { statement, diagnose } = write;
  const { steps } = stepsOfWrite(write, { statement: render(returningNothing(statement)), diagnose });
  return steps.map((step) => tellingAs(step, tell));
}

/** The same step with its errors changed. */
export function tellingAs({ diagnose, ...step }: WriteStep, tell: (error: AppError) => AppError): WriteStep {
  return diagnose ? { ...step, diagnose: (failure) => mapDiagnosis(diagnose(failure), tell) } : step;
}

/** Ends a transaction that may have remembered ids. */
export const forgetAfter = (writes: readonly PlannedWrite[]): readonly WriteStep[] =>
  writes.flatMap(withNested).some(({ remember }) => remember) ? [{ statement: FORGET_IDS }] : [];

const withNested = (write: PlannedWrite): readonly PlannedWrite[] => [
  write,
  ...(write.nested ?? []).map((each) => each.write),
];

/** The record that a write returned; null for a delete. Throws the write's error if it found nothing. */
export function recordOf(write: PlannedWrite, rows: Rows): JsonObject | null {
  const [first] = write.requires;
  if (rows.length === 0 && first) throw first.otherwise();
  return write.shape(rows)?.record ?? null;
}

/** Defaults, and references of a transaction, write more than was sent. Throws BAD_REQUEST if it is too much. */
export function limitWritten(writes: readonly PlannedWrite[]): void {
  let length = 0;
  for (const { statement } of writes.flatMap(withNested)) {
    for (const arg of statement.head.args) if (typeof arg === "string") length += arg.length;
    for (const arg of statement.onConflict?.args ?? []) if (typeof arg === "string") length += arg.length;
  }
  if (length > MAX_WRITTEN_LENGTH) throw writtenTooLarge();
}
