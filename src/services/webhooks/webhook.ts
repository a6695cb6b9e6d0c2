import { and, eq, inArray, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { type EntityName, workspaceIdOf } from "../../db/lookups.ts";
import type { Platform } from "../../db/platform.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import { WEBHOOK_EVENTS } from "../../model/webhook.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import { type DestinationPolicy, destinationProblem } from "../../webhooks/destination-policy.ts";
import { headerProblems } from "../../webhooks/request-headers.ts";
import { isSigningSecret, SIGNING_SECRET_RULE } from "../../webhooks/signing-secret.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { displayNameSchema, timeSchema } from "../field-schemas.ts";

export const MAX_WEBHOOKS = 50;

export type WebhookRow = typeof webhooks.$inferSelect;

export const webhookSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  events: z.array(z.enum(WEBHOOK_EVENTS)),
  /** By their names of now; null: all entities. */
  entities: z.array(z.string()).nullable(),
  headers: z.record(z.string(), z.string()),
  enabled: z.boolean(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
export type WebhookDto = Dto<typeof webhookSchema>;

/** With the secret itself, which is shown once. */
export const webhookWithSecretSchema = webhookSchema.extend({ secret: z.string() });
export type WebhookWithSecretDto = Dto<typeof webhookWithSecretSchema>;

const eventsSchema = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1)
  .transform((events) => WEBHOOK_EVENTS.filter((event) => events.includes(event)));

const entitiesSchema = z.array(z.string()).min(1).nullable();

const headersSchema = z.record(z.string(), z.string()).superRefine((headers, context) => {
  for (const { name, message } of headerProblems(headers)) {
    context.addIssue({ code: "custom", path: name === undefined ? [] : [name], message });
  }
});

const secretSchema = z.string().refine(isSigningSecret, SIGNING_SECRET_RULE);

const urlSchema = (policy: DestinationPolicy) =>
  z.string().superRefine((url, context) => {
    const message = destinationProblem(url, policy);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

export const createWebhookSchema = (policy: DestinationPolicy) =>
  z.strictObject({
    name: displayNameSchema,
    url: urlSchema(policy),
    events: eventsSchema,
    entities: entitiesSchema.default(null),
    headers: headersSchema.default({}),
    enabled: z.boolean().default(true),
    secret: secretSchema.optional(),
  });

export const updateWebhookSchema = (policy: DestinationPolicy) =>
  z.strictObject({
    name: displayNameSchema.optional(),
    url: urlSchema(policy).optional(),
    events: eventsSchema.optional(),
    entities: entitiesSchema.optional(),
    headers: headersSchema.optional(),
    enabled: z.boolean().optional(),
  });

/** Without a secret one is generated. */
export const rotateSecretSchema = z.strictObject({ secret: secretSchema.optional() });

/** `names` are of all entities there are; those that were dropped are left out. */
export function toWebhookDto(
  row: Omit<WebhookRow, "workspaceId" | "sealedSecret">,
  names: readonly EntityName[],
): WebhookDto {
  const { id, name, url, events, headers, enabled, createdAt, updatedAt } = row;
  const nameOf = new Map(names.map((entity) => [entity.id, entity.name]));
  const entities = row.entities?.flatMap((entityId) => nameOf.get(entityId) ?? []) ?? null;
  return { id, name, url, events, entities, headers, enabled, createdAt, updatedAt };
}

/** The webhook of an id, as long as it belongs to the addressed workspace. */
export const isWebhookOf = (platform: Platform, { address, id }: { address: WorkspaceAddress; id: string }) =>
  and(eq(webhooks.id, id), inArray(webhooks.workspaceId, workspaceIdOf(platform, address)));

/** The audit of a change of one webhook; its headers may hold secrets, so they are left out. */
export function auditWebhook(
  { platform, address, ...ctx }: Pick<WorkspaceContext, "platform" | "address" | "requestId" | "now">,
  action: string,
  id: string,
) {
  const workspaceId = sql`(${workspaceIdOf(platform, address)})`;
  const columns = columnsWithout(webhooks, ["workspaceId", "sealedSecret", "headers"]);
  const where = isWebhookOf(platform, { address, id });
  return auditChange(
    { ...ctx, platform },
    { action, subject: id, workspaceId },
    { table: webhooks, columns, where },
  );
}
