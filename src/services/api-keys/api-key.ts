import { and, eq, inArray } from "drizzle-orm";
import * as z from "zod";
import type { WorkspaceAddress } from "../../db/catalog-store.ts";
import { workspaceIdOf } from "../../db/lookups.ts";
import type { Platform } from "../../db/platform.ts";
import { apiKeys } from "../../db/tables/platform.ts";
import { type ApiKeyRecord, PERMISSIONS } from "../../model/api-key.ts";
import { displayNameSchema, instantSchema } from "../field-schemas.ts";

export const MAX_GRACE_PERIOD_SECONDS = 604_800;

export type ApiKeyRow = typeof apiKeys.$inferSelect;
export type ApiKeyDto = Omit<ApiKeyRow, "workspaceId" | "version">;
/** With the key itself, which is shown once. */
export type ApiKeyWithSecretDto = ApiKeyDto & { readonly key: string };

export const createApiKeySchema = z.strictObject({
  name: displayNameSchema,
  permission: z.enum(PERMISSIONS),
  expiresAt: instantSchema.nullable().optional(),
});

export const updateApiKeySchema = z.strictObject({
  name: displayNameSchema.optional(),
  permission: z.enum(PERMISSIONS).optional(),
  expiresAt: instantSchema.nullable().optional(),
});

export const rotateApiKeySchema = z.strictObject({
  gracePeriodSeconds: z.int().min(0).max(MAX_GRACE_PERIOD_SECONDS).default(0),
});

export function toApiKeyDto(row: ApiKeyRow): ApiKeyDto {
  const { id, name, keyPrefix, permission, expiresAt, createdAt, lastUsedAt, revokedAt } = row;
  return { id, name, keyPrefix, permission, expiresAt, createdAt, lastUsedAt, revokedAt };
}

/** What KV holds of a key. */
export function toApiKeyRecord(row: ApiKeyRow, { organization, workspace }: WorkspaceAddress): ApiKeyRecord {
  const { id: keyId, workspaceId, version, permission, expiresAt } = row;
  return { keyId, workspaceId, organization, workspace, version, permission, expiresAt };
}

/** The key of an id, as long as it belongs to the addressed workspace. */
export const isKeyOf = (platform: Platform, { address, id }: { address: WorkspaceAddress; id: string }) =>
  and(eq(apiKeys.id, id), inArray(apiKeys.workspaceId, workspaceIdOf(platform, address)));
