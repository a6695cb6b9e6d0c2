import { FAILING } from "../../db/write-guard.ts";
import { AppError, withPrefix } from "../../errors/app-error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { WorkspaceContext } from "../context.ts";
import type { FencedPlan } from "../fence/fenced-plan.ts";
import { answerOf, type BulkAnswer, foreseenAnswer, replayAnswer } from "./bulk-answer.ts";
import { isWrite, type PlannedBulk } from "./bulk-items.ts";
import { planTogether } from "./plan-together.ts";

/** All items or none; throws, now or when the database has been asked, the error of the first that fails. */
export function planAtomic(ctx: WorkspaceContext, bulk: PlannedBulk): FencedPlan<BulkAnswer> {
  const { target, items } = bulk;
  const failing = items.findIndex((item) => item instanceof AppError);
  if (failing >= 0) return planRefusal(ctx, bulk, failing);
  const writes = items.filter(isWrite).map((write) => ({ write, target }));
  const foreseen = foreseenAnswer(bulk);
  const answer = foreseen && JSON.stringify(foreseen);
  const together = planTogether(ctx, writes, { inItem, answer });
  const answerWith = (records: readonly (JsonObject | null)[]) =>
    answerOf(
      records.map((record) => ({ record })),
      { isReturning: true },
    );
  return {
    ...together,
    shape: (results) => foreseen ?? answerWith(together.recordsOf(results)),
    replay: (kept) => replayAnswer(kept) ?? answerWith(together.keptRecordsOf(kept)),
  };
}

/** An item is refused, but the database may refuse one before it, and the first is the one to tell. */
function planRefusal(
  ctx: WorkspaceContext,
  { target, items }: PlannedBulk,
  failing: number,
): FencedPlan<BulkAnswer> {
  const refusal = items[failing];
  if (!(refusal instanceof AppError)) throw new Error(`item ${failing} is not refused`);
  const told = inItem(failing, refusal);
  const fail = () => {
    throw told;
  };
  const before = items.slice(0, failing).filter(isWrite);
  if (before.length === 0) throw told;
  const together = planTogether(
    ctx,
    before.map((write) => ({ write, target })),
    { inItem },
  );
  const { statements } = together;
  return {
    statements: [...statements, FAILING],
    explain: async (failure) => (failure.index === statements.length ? told : together.explain?.(failure)),
    shape: fail,
    replay: fail,
  };
}

export const inItem = (index: number, error: AppError) => withPrefix(`Item ${index}: `, error);
