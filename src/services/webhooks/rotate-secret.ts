import { entityNamesOf } from "../../db/lookups.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import { sealSecret } from "../../webhooks/secret-box.ts";
import { newSigningSecret } from "../../webhooks/signing-secret.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { requireSecretKey } from "./require-secret-key.ts";
import {
  auditWebhook,
  isWebhookOf,
  rotateSecretSchema,
  toWebhookDto,
  type WebhookWithSecretDto,
} from "./webhook.ts";
import { webhookMissing } from "./webhook-missing.ts";

export interface RotateSecretInput {
  readonly id: string;
  readonly body: unknown;
}

/** A new secret, which signs from the next attempt on; the old one signs no more. Throws VALIDATION_ERROR, NOT_FOUND, SERVICE_UNAVAILABLE. */
export async function rotateSecret(
  ctx: WorkspaceContext,
  { id, body }: RotateSecretInput,
): Promise<WebhookWithSecretDto> {
  const { secret = newSigningSecret() } = parseInput(rotateSecretSchema, body);
  const sealedSecret = await sealSecret(requireSecretKey(ctx), id, secret);
  const { write } = ctx.platform;
  const audit = auditWebhook(ctx, "webhook.secret-rotated", id);
  const [, [row], , names] = await write.batch([
    audit.before,
    write
      .update(webhooks)
      .set({ sealedSecret, updatedAt: ctx.now.toISOString() })
      .where(isWebhookOf(ctx.platform, { address: ctx.address, id }))
      .returning(),
    audit.after,
    entityNamesOf(ctx.platform, ctx.address),
  ]);
  if (!row) throw await webhookMissing(ctx, id);
  return { ...toWebhookDto(row, names), secret };
}
