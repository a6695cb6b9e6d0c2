import { AppError } from "../errors/app-error.ts";
import { rateLimited } from "../errors/failures.ts";
import { principalIdOf } from "../model/api-key.ts";
import { comesFirst } from "./admit.ts";
import type { Attempt } from "./fenced-plan.ts";
import { planOrRefuse } from "./plan-or-refuse.ts";

/**
 * Counts the request against the workspace's `rateLimit`, once. Above the limit the database is not asked, so the
 * refusals that come first (401, 403) follow from the belief. Throws RATE_LIMITED.
 */
export async function limitRate(attempt: Attempt<unknown>): Promise<void> {
  const { ctx, belief } = attempt;
  const { rateLimit } = belief.view.workspace;
  const principal = principalIdOf(belief.actor);
  if (principal === undefined || rateLimit === null || ctx.meter.rate) return;
  const rate = await ctx.rates.take(rateLimit, principal);
  ctx.meter.rate = rate;
  if (!rate || rate.isWithin) return;
  const planned = planOrRefuse(attempt, ctx.now);
  if (planned instanceof AppError && comesFirst(planned)) throw planned;
  throw rateLimited(
    `Rate limit exceeded: ${rateLimit} requests a minute — retry in ${rate.resetSeconds} s`,
    rate.resetSeconds,
  );
}
