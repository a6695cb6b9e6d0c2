import { and, eq, inArray, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { workspaceIdOf } from "../../db/lookups.ts";
import { webhooks } from "../../db/tables/webhooks.ts";
import type { Catalog } from "../../model/catalog.ts";
import { SIGNATURES, WEBHOOK_EVENTS } from "../../model/webhook.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import { HEADERS_SHAPE, headerProblems } from "../../webhooks/additional-headers.ts";
import {
  DESTINATION_SHAPE,
  type DestinationPolicy,
  MAX_URL_LENGTH,
} from "../../webhooks/destination-policy.ts";
import { MAX_EVENT_EXPANSIONS } from "../../webhooks/event-expansions.ts";
import { isSigningSecret, SIGNING_SECRET_RULE, SIGNING_SECRET_SHAPE } from "../../webhooks/signing-secret.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { displayNameSchema, jsonObjectSchema, requireDestination, timeSchema } from "../field-schemas.ts";
import { showChoices } from "./webhook-choices.ts";

export const MAX_WEBHOOKS = 50;

export type WebhookRow = typeof webhooks.$inferSelect;

const filterSchema = jsonObjectSchema.meta({ type: "object", additionalProperties: true });
const expandSchema = z.array(z.string()).min(1).max(MAX_EVENT_EXPANSIONS).nullable();

export const webhookSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  events: z.array(z.enum(WEBHOOK_EVENTS)),
  /** Present names of entities; null for all. */
  entities: z.array(z.string()).nullable(),
  headers: z.record(z.string(), z.string()),
  enabled: z.boolean(),
  /** On `record` and `previous`, with current names. Null sends every change. */
  filter: filterSchema.nullable(),
  /** Relationships to add to the record at delivery. */
  expand: z.array(z.string()).nullable(),
  signature: z.enum(SIGNATURES),
  /** Verifies `v1a` signatures. Null for `v1`. */
  publicKey: z.string().nullable(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
export type WebhookDto = Dto<typeof webhookSchema>;

/** Includes a shared secret, which is shown only once. A private key never leaves the service. */
export const webhookWithSecretSchema = webhookSchema.extend({ secret: z.string().optional() });
export type WebhookWithSecretDto = Dto<typeof webhookWithSecretSchema>;

const eventsSchema = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1)
  .transform((events) => WEBHOOK_EVENTS.filter((event) => events.includes(event)));

const entitiesSchema = z.array(z.string()).min(1).nullable();

const headersSchema = z
  .record(z.string(), z.string())
  .superRefine((headers, context) => {
    for (const { name, message } of headerProblems(headers)) {
      context.addIssue({ code: "custom", path: name === undefined ? [] : [name], message });
    }
  })
  .meta(HEADERS_SHAPE);

const secretSchema = z
  .string()
  .refine(isSigningSecret, SIGNING_SECRET_RULE)
  .meta({ pattern: SIGNING_SECRET_SHAPE });

const MAX_GRACE_SECONDS = 604_800;

const signingFields = { secret: secretSchema.optional(), signature: z.enum(SIGNATURES).optional() };

function rejectGivenKey(
  { secret, signature }: { readonly secret?: unknown; readonly signature?: unknown },
  context: z.RefinementCtx,
): void {
  if (secret === undefined || signature !== "v1a") return;
  const message = "cannot be given for the signature v1a: its keys are generated";
  context.addIssue({ code: "custom", path: ["secret"], message });
}

const urlSchema = (policy: DestinationPolicy) =>
  z
    .string()
    .superRefine(requireDestination(policy))
    .meta({ pattern: DESTINATION_SHAPE, maxLength: MAX_URL_LENGTH });

export const createWebhookSchema = (policy: DestinationPolicy) =>
  z
    .strictObject({
      name: displayNameSchema,
      url: urlSchema(policy),
      events: eventsSchema,
      entities: entitiesSchema.default(null),
      headers: headersSchema.default({}),
      enabled: z.boolean().default(true),
      filter: filterSchema.nullable().default(null),
      expand: expandSchema.default(null),
      ...signingFields,
    })
    .superRefine(rejectGivenKey);

export const updateWebhookSchema = (policy: DestinationPolicy) =>
  z.strictObject({
    name: displayNameSchema.optional(),
    url: urlSchema(policy).optional(),
    events: eventsSchema.optional(),
    entities: entitiesSchema.optional(),
    headers: headersSchema.optional(),
    enabled: z.boolean().optional(),
    filter: filterSchema.nullable().optional(),
    expand: expandSchema.optional(),
  });

/** Generates a secret if none is sent. Without `signature`, it stays the same, but a sent secret signs `v1`. */
export const rotateSecretSchema = z
  .strictObject({
    ...signingFields,
    gracePeriodSeconds: z.int().min(0).max(MAX_GRACE_SECONDS).default(0),
  })
  .superRefine(rejectGivenKey);

type ShownRow = Omit<
  WebhookRow,
  "workspaceId" | "sealedSecret" | "formerSecret" | "formerSecretUntil" | "pausedUntil"
>;

export function toWebhookDto(row: ShownRow, catalog: Catalog): WebhookDto {
  const { id, name, url, events, headers, enabled, publicKey, createdAt, updatedAt } = row;
  const { entities, filter, expand } = showChoices(catalog, row);
  const signature = publicKey === null ? "v1" : "v1a";
  const signing = { signature, publicKey } as const;
  return {
    id,
    name,
    url,
    events,
    entities,
    headers,
    enabled,
    filter,
    expand,
    ...signing,
    createdAt,
    updatedAt,
  };
}

/** Selects the webhook with an id, if it belongs to the addressed workspace. */
export const isWebhookOf = (address: WorkspaceAddress, id: string) =>
  and(eq(webhooks.id, id), inArray(webhooks.workspaceId, workspaceIdOf(address)));

/** The audit entry for a change of a webhook, without its headers, which may contain secrets. */
export function auditWebhook(
  { address, ...ctx }: Pick<WorkspaceContext, "address" | "requestId" | "now" | "administrator">,
  action: string,
  id: string,
) {
  const workspaceId = sql`(${workspaceIdOf(address)})`;
  const columns = columnsWithout(webhooks, ["workspaceId", "sealedSecret", "formerSecret", "headers"]);
  const where = isWebhookOf(address, id);
  return auditChange(ctx, { action, subject: id, workspaceId }, { table: webhooks, columns, where });
}
