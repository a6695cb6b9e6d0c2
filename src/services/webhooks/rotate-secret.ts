import { isNotNull, sql } from "drizzle-orm";
import type * as z from "zod/v4";
import { webhookEntitiesOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import { sealSecret } from "../../webhooks/secret-box.ts";
import { newSigningSecret, type SigningSecret } from "../../webhooks/signing-secret.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { catalogOf } from "../scopes/catalog-of.ts";
import { endOfGrace } from "../secrets.ts";
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

/**
 * Creates a new secret, which signs from the next attempt on. The old one signs too until the grace period ends. Throws
 * VALIDATION_ERROR, NOT_FOUND, SERVICE_UNAVAILABLE.
 */
export async function rotateSecret(
  ctx: WorkspaceContext,
  { id, body }: RotateSecretInput,
): Promise<WebhookWithSecretDto> {
  const input = parseInput(rotateSecretSchema, body);
  const masterKey = requireSecretKey(ctx);
  const seal = async (signing: SigningSecret) => ({
    ...signing,
    sealed: await sealSecret(masterKey, id, signing.secret),
  });
  const given = input.secret === undefined ? undefined : { secret: input.secret, publicKey: null };
  const shared = await seal(given ?? (await newSigningSecret("v1")));
  const pair = await seal(await newSigningSecret("v1a"));
  const audit = auditWebhook(ctx, "webhook.secret-rotated", id);
  const [, [row], , entities] = await ctx.platform.writeBatch([
    audit.before,
    db
      .update(webhooks)
      .set({
        ...newSecret(input, shared, pair),
        ...formerSecret(input, ctx.now),
        updatedAt: ctx.now.toISOString(),
      })
      .where(isWebhookOf(ctx.address, id))
      .returning(),
    audit.after,
    webhookEntitiesOf(ctx.address),
  ]);
  if (!row) throw await webhookMissing(ctx, id);
  return {
    ...toWebhookDto(row, catalogOf(entities)),
    ...(row.publicKey === null && { secret: shared.secret }),
  };
}

type Rotation = z.infer<typeof rotateSecretSchema>;
type SealedSecret = SigningSecret & { readonly sealed: string };

/** Only the database knows the webhook's signature type: it takes the secret that fits, in the same round trip. */
function newSecret({ secret, signature }: Rotation, shared: SealedSecret, pair: SealedSecret) {
  const kind = signature ?? (secret === undefined ? undefined : "v1");
  const isPair = kind === undefined ? isNotNull(webhooks.publicKey) : kind === "v1a" ? sql`1` : sql`0`;
  const either = (ofPair: string | null, ofShared: string | null) =>
    sql<string>`CASE WHEN ${isPair} THEN ${ofPair} ELSE ${ofShared} END`;
  return { sealedSecret: either(pair.sealed, shared.sealed), publicKey: either(pair.publicKey, null) };
}

function formerSecret({ gracePeriodSeconds }: Rotation, now: Date) {
  if (gracePeriodSeconds === 0) return { formerSecret: null, formerSecretUntil: null };
  const formerSecretUntil = endOfGrace(now, gracePeriodSeconds);
  return { formerSecret: sql`${webhooks.sealedSecret}`, formerSecretUntil };
}
