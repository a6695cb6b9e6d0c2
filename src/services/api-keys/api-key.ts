import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { type AuditSubject, auditChange, columnsWithout } from "../../db/audit.ts";
import { type NamedEntity, workspaceIdOf } from "../../db/lookups.ts";
import { apiKeys } from "../../db/tables/platform.ts";
import { validationFailed } from "../../errors/api-errors.ts";
import type { Detail } from "../../errors/app-error.ts";
import { type ApiKeyRecord, PERMISSIONS } from "../../model/api-key.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import {
  addressRangesSchema,
  displayNameSchema,
  instantSchema,
  problemsOfExpiry,
  timeSchema,
} from "../field-schemas.ts";
import { catalogOf } from "../scopes/catalog-of.ts";
import { contradictionsOf, scopesSchema, shownScopeSchema, warningsSchema } from "../scopes/scope-schema.ts";
import { showScopes } from "../scopes/show-scopes.ts";

export type ApiKeyRow = typeof apiKeys.$inferSelect;
export const apiKeySchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  keyPrefix: z.string(),
  permission: z.enum(PERMISSIONS),
  expiresAt: timeSchema.nullable(),
  createdAt: timeSchema,
  lastUsedAt: timeSchema.nullable(),
  revokedAt: timeSchema.nullable(),
  mayMintTokens: z.literal(true).optional(),
  /** Absent for everything that the permission allows. */
  scopes: z.array(shownScopeSchema).optional(),
  /** Absent for anywhere. */
  allowedIps: z.array(z.string()).optional(),
  /** Absent for no. */
  mayWriteTimestamps: z.boolean().optional(),
  warnings: warningsSchema,
});
export type ApiKeyDto = Dto<typeof apiKeySchema>;

/** Includes the key itself, which is shown only once. */
export const apiKeyWithSecretSchema = apiKeySchema.extend({ key: z.string() });
export type ApiKeyWithSecretDto = Dto<typeof apiKeyWithSecretSchema>;

const optional = {
  expiresAt: instantSchema.nullable().optional(),
  mayWriteTimestamps: z.boolean().optional(),
  scopes: scopesSchema.nullable().optional(),
  mayMintTokens: z.boolean().optional(),
  allowedIps: addressRangesSchema.nullable().optional(),
};

export const createApiKeySchema = z.strictObject({
  name: displayNameSchema,
  permission: z.enum(PERMISSIONS),
  ...optional,
});

export const updateApiKeySchema = z.strictObject({
  name: displayNameSchema.optional(),
  permission: z.enum(PERMISSIONS).optional(),
  ...optional,
});

/** The sent part of a key's rights. */
export type Grants = Pick<z.infer<typeof updateApiKeySchema>, "permission" | "scopes">;

/** Throws VALIDATION_ERROR for a new key that has expired, or that may not do what its scopes say. */
export function rejectUseless(input: z.infer<typeof createApiKeySchema>, now: Date): void {
  rejectContradiction(input, problemsOfExpiry(input.expiresAt, now));
}

/** Throws VALIDATION_ERROR, with the other `details`, for scopes that a READ_ONLY key cannot use. */
export function rejectContradiction({ permission, scopes }: Grants, details: readonly Detail[] = []): void {
  const all = [...details, ...contradictionsOf(permission, scopes)];
  if (all.length > 0) throw validationFailed(all);
}

export function toApiKeyDto(row: ApiKeyRow, entities: readonly NamedEntity[]): ApiKeyDto {
  const { id, name, keyPrefix, permission, expiresAt, allowedIps, createdAt, lastUsedAt, revokedAt } = row;
  const scopes = row.scopes && showScopes(catalogOf(entities), row.scopes);
  const limits = { ...(scopes && { scopes }), ...(allowedIps && { allowedIps }) };
  const rights = {
    ...(row.mayWriteTimestamps && { mayWriteTimestamps: true as const }),
    ...(row.mayMintTokens && { mayMintTokens: true as const }),
  };
  return {
    id,
    name,
    keyPrefix,
    permission,
    expiresAt,
    ...limits,
    ...rights,
    createdAt,
    lastUsedAt,
    revokedAt,
  };
}

/** A key as KV stores it. */
export function toApiKeyRecord(row: ApiKeyRow, { organization, workspace }: WorkspaceAddress): ApiKeyRecord {
  const {
    id: keyId,
    workspaceId,
    version,
    permission,
    expiresAt,
    scopes,
    allowedIps,
    mayWriteTimestamps,
    mayMintTokens,
  } = row;
  const address = { organization, workspace };
  const rights = { permission, scopes, allowedIps, mayWriteTimestamps, mayMintTokens };
  return { keyId, workspaceId, ...address, version, expiresAt, ...rights };
}

/** The columns of a key that audit entries show. */
export const auditedKey = (where: SQL | undefined): AuditSubject => ({
  table: apiKeys,
  columns: columnsWithout(apiKeys, ["workspaceId", "lastUsedAt"]),
  where,
});

/** Selects the key with an id, if it belongs to the addressed workspace. */
export const isKeyOf = (address: WorkspaceAddress, id: string) =>
  and(eq(apiKeys.id, id), inArray(apiKeys.workspaceId, workspaceIdOf(address)));

interface KeyChange {
  readonly action: string;
  readonly id: string;
  /** The condition of AuditSubject. */
  readonly onlyIf?: SQL;
}

/** The audit entry for a change of a key. */
export function auditKey(ctx: WorkspaceContext, { action, id, onlyIf }: KeyChange) {
  const { address } = ctx;
  const workspaceId = sql`(${workspaceIdOf(address)})`;
  const where = isKeyOf(address, id);
  return auditChange(
    ctx,
    { action, subject: id, workspaceId },
    { ...auditedKey(where), ...(onlyIf && { onlyIf }) },
  );
}
