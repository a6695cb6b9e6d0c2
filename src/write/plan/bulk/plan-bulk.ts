import { AppError } from "../../../errors/app-error.ts";
import { toAppError } from "../../../errors/to-app-error.ts";
import type { Entity } from "../../../model/entity.ts";
import type { JsonObject } from "../../../model/json.ts";
import type { PlanningView } from "../../../model/workspace.ts";
import type { RecordTarget } from "../../../query/plan/target-in.ts";
import { compileInsertAll } from "../../sql/insert.ts";
import { render, returningNothing } from "../../sql/statement.ts";
import { keepRecord, type TargetedWrite } from "../plan-together.ts";
import { limitWritten, type PlannedWrite, recordOf } from "../planned-write.ts";
import type { EachItem, EachPlan, ItemOutcome, Keep, WritePlan } from "../write-plan.ts";
import {
  type BulkRequest,
  isWrite,
  type PlannedBulk,
  type PlannedItem,
  planItems,
  writesOf,
} from "./bulk-items.ts";
import { keptContentOf, replayOfBulk } from "./bulk-replay.ts";
import { type BulkResult, bulkResultOf, type ItemResult, successOf } from "./bulk-result.ts";
import { planAtomic } from "./plan-atomic.ts";

/**
 * Plans several writes to one entity, independent of each other or all or none. Throws BAD_REQUEST, and with `isAtomic`
 * the error of the first item if nothing comes before it.
 */
export function planBulk(
  planning: PlanningView,
  target: RecordTarget,
  request: BulkRequest,
): WritePlan<BulkResult> | EachPlan<BulkResult> {
  const { action, isReturning } = request;
  const bulk = { target, items: planItems(planning, target, request), action, isReturning };
  if (request.isAtomic) return planAtomic(bulk);
  limitWritten(bulk.items.filter(isWrite));
  return isOneInsert(bulk) ? planOneInsert(bulk) : planEach(bulk);
}

/** Creates without requested records, unless one could refer to a later one. */
const isOneInsert = ({ target, items, action, isReturning }: PlannedBulk) =>
  action === "CREATE" && !isReturning && items.every(isUnconditional) && !refersToItself(target.entity);

const isUnconditional = (item: PlannedItem) => isWrite(item) && item.inserted !== undefined;

const refersToItself = ({ name, columns }: Entity) =>
  columns.some(({ references }) => references?.entity === name);

/** Creates all records with one INSERT, which is far cheaper than a hundred. If it fails, they are tried one by one. */
function planOneInsert(bulk: PlannedBulk): WritePlan<BulkResult> {
  const records = bulk.items.filter(isWrite).flatMap(({ inserted = [] }) => inserted);
  const answer = successOf(bulk.items);
  return {
    kind: "WRITE",
    steps: [{ statement: render(compileInsertAll(bulk.target.entity, records)) }],
    shape: () => answer,
    replay: replayOfBulk(bulk, answer),
    otherwise: () => planEach(bulk),
  };
}

/** Runs all items together; if one fails, each by itself. */
function planCountingOnSuccess(bulk: PlannedBulk): WritePlan<BulkResult> {
  return { ...planAtomic(bulk), otherwise: () => planEach(bulk) };
}

function planEach(bulk: PlannedBulk): EachPlan<BulkResult> {
  const { items, isReturning } = bulk;
  const positions = items.flatMap((item, index) => (isWrite(item) ? [index] : []));
  return {
    kind: "EACH",
    ...(!isReturning && items.every(isWrite) && { together: () => planCountingOnSuccess(bulk) }),
    items: () =>
      writesOf(bulk).map((targeted, i) => itemOf(targeted, { position: positions[i] ?? i, isReturning })),
    conclude(outcomes) {
      const results = new Map(positions.map((position, i) => [position, outcomes[i]]));
      return bulkResultOf(
        items.map((item, index) => (isWrite(item) ? resultOf(item, results.get(index), isReturning) : item)),
        isReturning,
      );
    },
    keptOf: keptContentOf,
    replay: replayOfBulk(bulk),
  };
}

function itemOf(
  targeted: TargetedWrite,
  { position, isReturning }: { readonly position: number; readonly isReturning: boolean },
): EachItem {
  const { statement, diagnose, requires } = targeted.write;
  if (isReturning)
    return { statement: render(statement), keep: keepRecord(position, targeted), diagnose, requires };
  const shown = render(returningNothing(statement));
  const keep: Keep = {
    position,
    cell: () => undefined,
    isFound: statement.kind === "READ" ? shown : undefined,
  };
  return { statement: shown, keep, diagnose, requires };
}

function resultOf(write: PlannedWrite, outcome: ItemOutcome | undefined, isReturning: boolean): ItemResult {
  if (!outcome || outcome instanceof AppError)
    return outcome ?? toAppError(new Error("an item has no outcome"));
  const { rows, affected } = outcome;
  if (!isReturning && (affected > 0 || rows.length > 0)) return { record: null };
  return attempt(() => recordOf(write, rows));
}

function attempt(shape: () => JsonObject | null): ItemResult {
  try {
    return { record: shape() };
  } catch (thrown) {
    return toAppError(thrown);
  }
}
