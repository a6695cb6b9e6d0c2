import { eq } from "drizzle-orm";
import { db, prepareBatch } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { changeWebhooks } from "./change-webhooks.ts";
import { auditWebhook, toWebhookDto, updateWebhookSchema, type WebhookDto } from "./webhook.ts";
import { resolveChoices, showChoices } from "./webhook-choices.ts";
import { webhookNotFound } from "./webhook-missing.ts";

export interface UpdateWebhookInput {
  readonly id: string;
  readonly body: unknown;
}

/**
 * Changes the sent properties. New events and entities apply from the next write on. Undelivered messages of a disabled
 * webhook wait until it is enabled again. Throws VALIDATION_ERROR, NOT_FOUND.
 */
export async function updateWebhook(
  ctx: WorkspaceContext,
  { id, body }: UpdateWebhookInput,
): Promise<WebhookDto> {
  const input = parseInput(updateWebhookSchema(ctx.webhooks.policy), body);
  return changeWebhooks(ctx, ({ catalog, webhooks: existing }) => {
    const current = existing.find((webhook) => webhook.id === id);
    if (!current) throw webhookNotFound(id);
    const { entities, filter, expand, ...others } = input;
    const chosen = withoutUndefined({ entities, filter, expand });
    const named = { ...showChoices(catalog, current), ...chosen };
    const choices = Object.keys(chosen).length > 0 ? resolveChoices(catalog, named) : {};
    const changes = { ...withoutUndefined(others), ...choices };
    const audit = auditWebhook(ctx, "webhook.updated", id);
    const changed = db.update(webhooks).set({ ...changes, updatedAt: ctx.now.toISOString() });
    const update = changed.where(eq(webhooks.id, id)).returning();
    const { statements, decode } = prepareBatch([audit.before, update, audit.after]);
    return {
      webhooks: existing.map((webhook) => (webhook.id === id ? { ...webhook, ...changes } : webhook)),
      statements,
      shape(results) {
        const [, [row]] = decode(results);
        if (!row) throw new Error("an updated webhook returned no row");
        return toWebhookDto(row, catalog);
      },
    };
  });
}
