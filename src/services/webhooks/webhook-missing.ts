import { workspaceIdOf } from "../../db/lookups.ts";
import { notFound } from "../../errors/failures.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { WorkspaceContext } from "../context.ts";

export const webhookNotFound = (id: string) => notFound("Webhook", id);

/** What of an address does not exist: organization, workspace, or the webhook in it. */
export async function webhookMissing(ctx: WorkspaceContext, id: string) {
  const [found] = await ctx.platform.read.batch([workspaceIdOf(ctx.platform, ctx.address)]);
  return found.length === 0 ? workspaceMissing(ctx) : webhookNotFound(id);
}
