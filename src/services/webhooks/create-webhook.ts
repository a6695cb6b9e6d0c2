import { db, statementOf } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import { badRequest } from "../../errors/api-errors.ts";
import { newId } from "../../lib/ids.ts";
import { sealSecret } from "../../webhooks/secret-box.ts";
import { newSigningSecret } from "../../webhooks/signing-secret.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { changeWebhooks } from "./change-webhooks.ts";
import { requireSecretKey } from "./require-secret-key.ts";
import {
  auditWebhook,
  createWebhookSchema,
  MAX_WEBHOOKS,
  toWebhookDto,
  type WebhookWithSecretDto,
} from "./webhook.ts";
import { resolveChoices } from "./webhook-choices.ts";

/** Only the response contains the secret. Throws VALIDATION_ERROR, NOT_FOUND, BAD_REQUEST, SERVICE_UNAVAILABLE. */
export async function createWebhook(ctx: WorkspaceContext, body: unknown): Promise<WebhookWithSecretDto> {
  const parsed = parseInput(createWebhookSchema(ctx.webhooks.policy), body);
  const { secret: given, signature = "v1", ...input } = parsed;
  const generated = given === undefined;
  const { secret, publicKey } = generated
    ? await newSigningSecret(signature)
    : { secret: given, publicKey: null };
  const id = newId("whk");
  const sealedSecret = await sealSecret(requireSecretKey(ctx), id, secret);
  const created = await changeWebhooks(ctx, ({ workspace, catalog, webhooks: existing }) => {
    const choices = resolveChoices(catalog, input);
    if (existing.length >= MAX_WEBHOOKS)
      throw badRequest(`A workspace is limited to ${MAX_WEBHOOKS} webhooks`);
    const now = ctx.now.toISOString();
    const row = { ...input, ...choices, id, publicKey, createdAt: now, updatedAt: now };
    const insert = db.insert(webhooks);
    return {
      webhooks: [...existing, row],
      statements: [
        insert.values({ ...row, workspaceId: workspace.id, sealedSecret }),
        auditWebhook(ctx, "webhook.created", id).after,
      ].map(statementOf),
      shape: () => toWebhookDto(row, catalog),
    };
  });
  return { ...created, ...(publicKey === null && { secret }) };
}
