import { rateLimited } from "../errors/api-errors.ts";
import { AppError } from "../errors/app-error.ts";
import { principalIdOf } from "../model/actor.ts";
import { networkOf } from "../model/addresses/address-range.ts";
import { comesFirst } from "./admit.ts";
import type { Attempt } from "./fenced-plan.ts";
import { planOrError } from "./plan-or-error.ts";

/**
 * Counts the request against the workspace's `rateLimit`, once. Above the limit the database is not asked, so the
 * errors that come first (401, 403) follow from the belief. Throws RATE_LIMITED.
 */
export async function limitRate(attempt: Attempt<unknown>): Promise<void> {
  const { ctx, belief } = attempt;
  const { rateLimit } = belief.view.workspace;
  if (belief.actor.kind === "ADMIN" || rateLimit === null || ctx.meter.rate) return;
  const rate = await ctx.rates.take(rateLimit, countedAs(attempt));
  ctx.meter.rate = rate;
  if (!rate || rate.isWithin) return;
  const planned = planOrError(attempt, ctx.now);
  if (planned instanceof AppError && comesFirst(planned)) throw planned;
  throw rateLimited(
    `Rate limit exceeded: ${rateLimit} requests a minute — retry in ${rate.resetSeconds} s`,
    rate.resetSeconds,
  );
}

/** Names of keys are unique everywhere, other names within a workspace. Anonymous clients are counted by address. */
function countedAs({ ctx, belief: { actor, view } }: Attempt<unknown>): string {
  const principal = principalIdOf(actor);
  if (actor.kind === "KEY" || actor.kind === "TOKEN") return principal;
  const address = actor.kind === "ANONYMOUS" ? networkOf(ctx.clientAddress() ?? "") : "";
  return `${view.workspace.id} ${principal} ${address}`;
}
