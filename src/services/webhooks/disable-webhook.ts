import { eq } from "drizzle-orm";
import { db, statementOf } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import type { ServiceContext } from "../context.ts";
import { changeWebhooks } from "./change-webhooks.ts";
import { auditWebhook } from "./webhook.ts";

/** Disables a webhook whose endpoint is gone. Undelivered messages wait until it is enabled again. */
export async function disableWebhook(
  ctx: ServiceContext,
  address: WorkspaceAddress | undefined,
  id: string,
): Promise<void> {
  if (!address) return;
  const { organization, workspace } = address;
  const admin = { ...ctx, actor: { kind: "ADMIN" }, address: { organization, workspace } } as const;
  await changeWebhooks(admin, ({ webhooks: existing }) => {
    const audit = auditWebhook(admin, "webhook.disabled", id);
    const update = db.update(webhooks).set({ enabled: false, updatedAt: ctx.now.toISOString() });
    return {
      webhooks: existing.map((webhook) => (webhook.id === id ? { ...webhook, enabled: false } : webhook)),
      statements: [audit.before, update.where(eq(webhooks.id, id)), audit.after].map(statementOf),
      shape: () => undefined,
    };
  });
}
