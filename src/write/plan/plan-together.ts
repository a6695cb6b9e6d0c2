import type { AppError } from "../../errors/app-error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Rows } from "../../model/sql-value.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { plainView } from "../../query/plan/written-view.ts";
import { render, returningNothing } from "../sql/statement.ts";
import {
  forgetAfter,
  limitWritten,
  type PlannedWrite,
  recordOf,
  stepsOfWrite,
  tellingAs,
} from "./planned-write.ts";
import type { Keep, KeptRequest, WriteStep } from "./write-plan.ts";

/** A write, and the entity that it writes to. */
export interface TargetedWrite {
  readonly write: PlannedWrite;
  readonly target: RecordTarget;
}

export interface TogetherOptions {
  /** Whether the result contains the records. */
  readonly isReturning: boolean;
  /** Adds its position to the error of a write. */
  inItem(index: number, error: AppError): AppError;
}

/** Writes that happen all or none, each with its requirements right before it. */
export interface Together {
  readonly steps: readonly WriteStep[];
  /** Converts rows by step to the records of the writes; null for deletes. */
  recordsOf(results: readonly Rows[]): readonly (JsonObject | null)[];
  /** The same records, from the stored outcome of an earlier request. */
  keptRecordsOf(kept: KeptRequest): readonly (JsonObject | null)[];
}

/** Throws BAD_REQUEST if they would write too much. */
export function planTogether(
  writes: readonly TargetedWrite[],
  { isReturning, inItem }: TogetherOptions,
): Together {
  const planned = writes.map(({ write }) => write);
  limitWritten(planned);
  const steps: WriteStep[] = [];
  const positions: number[] = [];
  for (const [index, targeted] of writes.entries()) {
    const own = stepsOfWrite(targeted.write, writeStep(targeted, { index, isReturning }));
    positions.push(steps.length + own.position);
    for (const step of own.steps) steps.push(tellingAs(step, (error) => inItem(index, error)));
  }
  return {
    steps: [...steps, ...forgetAfter(planned)],
    recordsOf: (results) => writes.map(({ write }, i) => recordOf(write, results[positions[i] ?? -1] ?? [])),
    keptRecordsOf: (kept) => writes.map((targeted, index) => keptRecordOf(targeted, index, kept)),
  };
}

function writeStep(
  { write, target }: TargetedWrite,
  { index, isReturning }: { readonly index: number; readonly isReturning: boolean },
): WriteStep {
  const { statement, diagnose } = write;
  if (!isReturning) return { statement: render(returningNothing(statement)), diagnose };
  return { statement: render(statement), diagnose, keep: keepRecord(index, { write, target }) };
}

/** Stores the record of a write, or for a delete that it was done. */
export const keepRecord = (position: number, { write, target }: TargetedWrite): Keep => ({
  position,
  cell: () => write.view(plainView(target))?.statement,
});

/** The stored record of a write; null for a delete. */
export function keptRecordOf(
  { write, target }: TargetedWrite,
  position: number,
  { records }: KeptRequest,
): JsonObject | null {
  const content = records.get(position);
  if (content === undefined) return null;
  return write.view(plainView(target))?.shape(content).record ?? null;
}
