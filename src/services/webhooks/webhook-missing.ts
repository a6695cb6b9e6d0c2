import { workspaceIdOf } from "../../db/lookups.ts";
import { badRequest, notFound } from "../../errors/api-errors.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { WebhookCoverage } from "../../model/webhook.ts";
import type { WorkspaceContext } from "../context.ts";

export const webhookNotFound = (id: string) => notFound("Webhook", id);

/** Finds out which part of an address does not exist: organization, workspace, or webhook. */
export async function webhookMissing(ctx: WorkspaceContext, id: string) {
  const [found] = await ctx.platform.readBatch([workspaceIdOf(ctx.address)]);
  return found.length === 0 ? workspaceMissing(ctx) : webhookNotFound(id);
}

/** Finds the webhook of an id, to send something to it. Throws NOT_FOUND, BAD_REQUEST. */
export function requireEnabled(webhooks: readonly WebhookCoverage[], id: string): WebhookCoverage {
  const webhook = webhooks.find((candidate) => candidate.id === id);
  if (!webhook) throw webhookNotFound(id);
  if (!webhook.enabled)
    throw badRequest("The webhook is disabled — enable it before you send anything to it");
  return webhook;
}
