import { workspaceIdOf } from "../../db/lookups.ts";
import { badRequest, notFound } from "../../errors/failures.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { WebhookCoverage } from "../../model/webhook.ts";
import type { WorkspaceContext } from "../context.ts";

export const webhookNotFound = (id: string) => notFound("Webhook", id);

/** What of an address does not exist: organization, workspace, or the webhook in it. */
export async function webhookMissing(ctx: WorkspaceContext, id: string) {
  const [found] = await ctx.platform.read.batch([workspaceIdOf(ctx.platform, ctx.address)]);
  return found.length === 0 ? workspaceMissing(ctx) : webhookNotFound(id);
}

/** The webhook of an id, to send something to. Throws NOT_FOUND, BAD_REQUEST. */
export function requireEnabled(webhooks: readonly WebhookCoverage[], id: string): WebhookCoverage {
  const webhook = webhooks.find((candidate) => candidate.id === id);
  if (!webhook) throw webhookNotFound(id);
  if (!webhook.enabled)
    throw badRequest("The webhook is disabled — enable it before you send anything to it");
  return webhook;
}
