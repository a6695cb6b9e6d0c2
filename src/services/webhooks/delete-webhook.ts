import { eq } from "drizzle-orm";
import { db, statementOf } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import { LONG_WRITE_TIMEOUT_MS } from "../../libsql/database.ts";
import type { WorkspaceContext } from "../context.ts";
import { changeWebhooks } from "./change-webhooks.ts";
import { auditWebhook } from "./webhook.ts";
import { webhookNotFound } from "./webhook-missing.ts";

/** Deletes a webhook with its deliveries, unfinished ones too. Throws NOT_FOUND. */
export async function deleteWebhook(ctx: WorkspaceContext, id: string): Promise<void> {
  await changeWebhooks(ctx, ({ webhooks: existing }) => {
    const others = existing.filter((webhook) => webhook.id !== id);
    if (others.length === existing.length) throw webhookNotFound(id);
    const audit = auditWebhook(ctx, "webhook.deleted", id);
    const removal = db.delete(webhooks).where(eq(webhooks.id, id));
    return {
      webhooks: others,
      statements: [audit.before, removal].map(statementOf),
      timeoutMs: LONG_WRITE_TIMEOUT_MS,
      shape: () => undefined,
    };
  });
}
