import { isGuardFailure, requireNone } from "../../db/write-guard.ts";
import type { RecordViewPlan } from "../../query/plan/plan.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { plainView } from "../../query/plan/written-view.ts";
import type { OverflowCheck } from "../../query/sql/expansion-bounds/compile-overflow.ts";
import type { CompiledView } from "../../query/sql/record/compile-record-view.ts";
import type { TaggedRecord } from "../../query/sql/record/shape-record.ts";
import { known } from "../failure/diagnosis.ts";
import { isSureToFit } from "../sql/entity-texts.ts";
import { render, returningId } from "../sql/statement.ts";
import {
  forgetAfter,
  limitWritten,
  type PlannedWrite,
  requirementStep,
  stepsOfWrite,
} from "./planned-write.ts";
import type { Keep, Replay, SinglePlan, WritePlan, WriteStep } from "./write-plan.ts";

export interface WrittenRecord extends TaggedRecord {
  /** The id in the path; `fields` may leave it out of the record. */
  readonly id: string;
}

export interface WrittenView {
  readonly target: RecordTarget;
  /** Null for all columns, which the write itself returns. */
  readonly view: RecordViewPlan | null;
}

/**
 * Plans one write of one record: a single statement if that is enough, otherwise a batch of its requirements, the
 * write, checks that its view can be shown, and the view. Throws BAD_REQUEST.
 */
export function planAlone(
  write: PlannedWrite,
  { target, view }: WrittenView,
): SinglePlan<WrittenRecord> | WritePlan<WrittenRecord> {
  limitWritten([write]);
  const isOneStatement = !write.remember && !write.nested;
  const shown = view || !isOneStatement ? write.view(view ?? plainView(target)) : null;
  if (shown) return planShown(write, { shown, checks: view ? write.checks(view) : [] });
  const single = planSingle(write, target);
  return isSureToFit(target.entity) ? single : inTransaction(single);
}

const POSITION = 0;

function planSingle(write: PlannedWrite, target: RecordTarget): SinglePlan<WrittenRecord> {
  const { statement, requires, diagnose } = write;
  let plain: CompiledView | null | undefined;
  const viewed = () => {
    plain ??= write.view(plainView(target));
    return plain;
  };
  return {
    kind: "SINGLE",
    statement,
    requires,
    keep: keepOf(viewed),
    shape: ([row = []]) => ({ ...(write.shape([row]) ?? NOTHING), id: String(row[0]) }),
    diagnose,
    replay: replayOfView(viewed),
  };
}

/** The same write as a batch. */
export function inTransaction<T>(plan: SinglePlan<T>): WritePlan<T> {
  const { statement, requires, keep, shape, diagnose, replay } = plan;
  return {
    kind: "WRITE",
    steps: [
      ...requires.map((each) => requirementStep(each, diagnose)),
      { statement: render(statement), keep, diagnose },
    ],
    shape: (results) => shape(results[requires.length] ?? []),
    replay,
  };
}

interface Shown {
  readonly shown: CompiledView;
  readonly checks: readonly OverflowCheck[];
}

function planShown(write: PlannedWrite, { shown, checks }: Shown): WritePlan<WrittenRecord> {
  const { statement, diagnose } = write;
  const { steps } = stepsOfWrite(write, { statement: render(returningId(statement)), diagnose });
  const before = [...steps, ...checks.map(checkStep)];
  const view = { statement: shown.statement, keep: keepOf(() => shown) };
  return {
    kind: "WRITE",
    steps: [...before, view, ...forgetAfter([write])],
    shape: (results) => shown.shape(String(results[before.length]?.[0]?.[0])),
    replay: replayOfView(() => shown),
  };
}

const checkStep = ({ query, error }: OverflowCheck): WriteStep => ({
  statement: requireNone(query),
  diagnose: (failure) => known(isGuardFailure(failure) ? error() : undefined),
});

function keepOf(viewed: () => CompiledView | null): Keep {
  return {
    position: POSITION,
    cell: () => viewed()?.statement,
  };
}

const replayOfView = (viewed: () => CompiledView | null): Replay<WrittenRecord> => ({
  content: null,
  rebuild: ({ records }) => viewed()?.shape(records.get(POSITION) ?? "") ?? { ...NOTHING, id: "" },
});

/** The result of a delete. */
const NOTHING: TaggedRecord = { record: {}, tag: "0" };
