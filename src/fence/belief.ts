import { findWorkspaceView, forgetWorkspaceView } from "../db/catalog-store.ts";
import { rememberTokenKey } from "../db/token-keys.ts";
import { foreignApiKey, foreignToken, invalidApiKey } from "../errors/api-errors.ts";
import type { AppError } from "../errors/app-error.ts";
import type { Actor } from "../model/actor.ts";
import type { WorkspaceView } from "../model/workspace.ts";
import type { Belief, Facts } from "./facts.ts";
import type { FenceContext } from "./fence-context.ts";
import { workspaceMissing } from "./workspace-missing.ts";

/** Returns the cached key and workspace of a request. Throws UNAUTHORIZED, NOT_FOUND. */
export async function firstBelief(ctx: FenceContext): Promise<Belief> {
  return { actor: ctx.actor, view: ctx.identity?.view ?? (await resolveView(ctx)) };
}

/** Returns the belief, corrected by facts that differ from it. Throws UNAUTHORIZED, NOT_FOUND. */
export async function refreshBelief(
  ctx: FenceContext,
  belief: Belief,
  facts: Facts | undefined,
): Promise<Belief> {
  const { workspace } = belief.view;
  const isSameView = facts?.workspaceId === workspace.id && facts.revision === workspace.revision;
  if (!isSameView) forgetWorkspaceView(ctx.address);
  const known = refreshActor(ctx, belief.actor, facts);
  const view = isSameView ? belief.view : await resolveView(ctx);
  if (facts?.key && facts.workspaceId !== view.workspace.id) throw foreignTo(known);
  return { actor: ctx.identity ? await ctx.identity.identify(view) : known, view };
}

function refreshActor(ctx: FenceContext, actor: Actor, facts: Facts | undefined): Actor {
  if ((actor.kind !== "KEY" && actor.kind !== "TOKEN") || !facts?.key) return actor;
  const { revokedAt: _revokedAt, validUntil: _validUntil, revokedBefore: _before, ...properties } = facts.key;
  const key = { ...actor.key, ...properties };
  if (actor.kind === "KEY") ctx.apiKeys.remember(actor.secretHash, key);
  else rememberTokenKey(key);
  return { ...actor, key };
}

async function resolveView(ctx: FenceContext): Promise<WorkspaceView> {
  const view = await findWorkspaceView(ctx.platform, ctx.address);
  if (view) return view;
  if (ctx.actor.kind !== "ADMIN") throw foreignTo(ctx.actor);
  throw await workspaceMissing(ctx);
}

function foreignTo({ kind }: Actor): AppError {
  if (kind === "ANONYMOUS") return invalidApiKey();
  return kind === "KEY" ? foreignApiKey() : foreignToken();
}
