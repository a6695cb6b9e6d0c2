import { FAILING } from "../../../db/write-guard.ts";
import { AppError } from "../../../errors/app-error.ts";
import { known } from "../../failure/diagnosis.ts";
import { planTogether } from "../plan-together.ts";
import type { WritePlan } from "../write-plan.ts";
import { inItem, type PlannedBulk, writesOf } from "./bulk-items.ts";
import { replayOfBulk } from "./bulk-replay.ts";
import { type BulkResult, bulkResultOf, successOf } from "./bulk-result.ts";

/** Plans all items or none. Throws the error of the first failing item, now or after asking the database. */
export function planAtomic(bulk: PlannedBulk): WritePlan<BulkResult> {
  const { items, isReturning } = bulk;
  const failing = items.findIndex((item) => item instanceof AppError);
  if (failing >= 0) return planError(bulk, failing);
  const { steps, recordsOf } = planTogether(writesOf(bulk), { inItem, isReturning });
  const answer = isReturning ? undefined : successOf(items);
  return {
    kind: "WRITE",
    steps,
    shape: (results) =>
      answer ??
      bulkResultOf(
        recordsOf(results).map((record) => ({ record })),
        isReturning,
      ),
    replay: replayOfBulk(bulk, answer),
  };
}

/** An item is refused, but the database may refuse an earlier one, and the client gets the first error. */
function planError(bulk: PlannedBulk, failing: number): WritePlan<BulkResult> {
  const { target, items } = bulk;
  const error = items[failing];
  if (!(error instanceof AppError)) throw new Error(`item ${failing} is not refused`);
  const told = inItem(failing, error);
  const refuse = () => {
    throw told;
  };
  const before = writesOf({ target, items: items.slice(0, failing) });
  if (before.length === 0) return refuse();
  const { steps } = planTogether(before, { inItem, isReturning: false });
  return {
    kind: "WRITE",
    steps: [...steps, { statement: FAILING, diagnose: () => known(told) }],
    shape: refuse,
    replay: { content: null, rebuild: refuse },
  };
}
