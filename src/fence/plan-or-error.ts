import { AppError } from "../errors/app-error.ts";
import { accessOf } from "../model/access.ts";
import { admitCaller, comesFirst } from "./admit.ts";
import type { Attempt, FencedPlan } from "./fenced-plan.ts";

/**
 * Plans a request by the belief, or returns why it is refused. `asOf` is the time that rules use. An invalid
 * Idempotency-Key is reported after errors of caller and entity.
 */
export function planOrError<T>(attempt: Attempt<T>, asOf: Date): FencedPlan<T> | AppError {
  const { ctx, belief, work } = attempt;
  const { idempotency } = ctx;
  try {
    admitCaller(attempt);
    const plan = work.plan({ ...belief.view, actor: belief.actor, access: accessOf(belief.actor), asOf });
    return idempotency instanceof AppError ? idempotency : plan;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const isToldFirst = comesFirst(thrown) || thrown.code === "NOT_FOUND";
    return idempotency instanceof AppError && !isToldFirst ? idempotency : thrown;
  }
}
