import type { Belief } from "../../db/fence.ts";
import { AppError } from "../../errors/app-error.ts";
import { rateLimited } from "../../errors/failures.ts";
import type { Need } from "../../model/access-mode.ts";
import type { WorkspaceContext } from "../context.ts";
import { judgeKey } from "./judge.ts";

/**
 * Counts the request against the workspace's `rateLimit`, once. Over it the database is not asked, so what would be
 * refused before a rate (401, 403) is judged by what is believed of the key, and by `plan` of its scopes. Throws
 * RATE_LIMITED.
 */
export async function limitRate(
  ctx: WorkspaceContext,
  { actor, view }: Belief,
  { need, plan }: { readonly need: Need; plan(): unknown },
): Promise<void> {
  const { rateLimit } = view.workspace;
  if (actor.kind !== "KEY" || rateLimit === null || ctx.meter.rate) return;
  const { key } = actor;
  const rate = await ctx.rates.take(rateLimit, key.keyId);
  ctx.meter.rate = rate;
  if (!rate || rate.isWithin) return;
  judgeKey({ ...key, revokedAt: null, validUntil: null }, { ...ctx, need });
  const refusal = plan();
  if (refusal instanceof AppError && refusal.code === "FORBIDDEN") throw refusal;
  throw rateLimited(
    `Rate limit exceeded: ${rateLimit} requests a minute — retry in ${rate.resetSeconds} s`,
    rate.resetSeconds,
  );
}
