import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { type AuditSubject, auditChange, columnsWithout } from "../../db/audit.ts";
import { type EntityName, entityNamesOf, workspaceIdOf } from "../../db/lookups.ts";
import type { Platform } from "../../db/platform.ts";
import { apiKeys } from "../../db/tables/platform.ts";
import type { Detail } from "../../errors/app-error.ts";
import { validationFailed } from "../../errors/failures.ts";
import { type ApiKeyScope, OPERATIONS } from "../../model/access.ts";
import { isAddressRange } from "../../model/address-range.ts";
import { type ApiKeyRecord, PERMISSIONS } from "../../model/api-key.ts";
import { MAX_ENTITIES } from "../../model/names.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { displayNameSchema, instantSchema, timeSchema } from "../field-schemas.ts";

export const MAX_GRACE_PERIOD_SECONDS = 604_800;

export type ApiKeyRow = typeof apiKeys.$inferSelect;

/** Names the entity as it is called now. */
const shownScopeSchema = z.strictObject({ entity: z.string(), operations: z.array(z.enum(OPERATIONS)) });
export type NamedScope = Dto<typeof shownScopeSchema>;

export const apiKeySchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  keyPrefix: z.string(),
  permission: z.enum(PERMISSIONS),
  expiresAt: timeSchema.nullable(),
  createdAt: timeSchema,
  lastUsedAt: timeSchema.nullable(),
  revokedAt: timeSchema.nullable(),
  /** Absent: everything that the permission allows. */
  scopes: z.array(shownScopeSchema).optional(),
  /** Absent: from anywhere. */
  allowedIps: z.array(z.string()).optional(),
});
export type ApiKeyDto = Dto<typeof apiKeySchema>;

/** With the key itself, which is shown once. */
export const apiKeyWithSecretSchema = apiKeySchema.extend({ key: z.string() });
export type ApiKeyWithSecretDto = Dto<typeof apiKeyWithSecretSchema>;

const MAX_ADDRESS_RANGES = 100;

/** Changing and deleting tell whether a record is there, so they need reading. */
const scopeSchema = z
  .strictObject({ entity: z.string(), operations: z.array(z.enum(OPERATIONS)).min(1) })
  .refine(
    ({ operations }) =>
      operations.includes("read") || !(operations.includes("update") || operations.includes("delete")),
    { path: ["operations"], error: "must include read beside update or delete" },
  );

const optional = {
  expiresAt: instantSchema.nullable().optional(),
  scopes: z.array(scopeSchema).min(1).max(MAX_ENTITIES).nullable().optional(),
  allowedIps: z
    .array(z.string().refine(isAddressRange, "must be an IP address or a CIDR range such as 10.0.0.0/8"))
    .min(1)
    .max(MAX_ADDRESS_RANGES)
    .nullable()
    .optional(),
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

export const rotateApiKeySchema = z.strictObject({
  gracePeriodSeconds: z.int().min(0).max(MAX_GRACE_PERIOD_SECONDS).default(0),
});

/** Scopes of entities that are gone are not shown; they allow nothing. */
export function toApiKeyDto(row: ApiKeyRow, names: readonly EntityName[]): ApiKeyDto {
  const { id, name, keyPrefix, permission, expiresAt, allowedIps, createdAt, lastUsedAt, revokedAt } = row;
  const nameOf = new Map(names.map((entity) => [entity.id, entity.name]));
  const scopes = row.scopes?.flatMap(({ entityId, operations }) => {
    const entity = nameOf.get(entityId);
    return entity === undefined ? [] : [{ entity, operations }];
  });
  const limits = { ...(scopes && { scopes }), ...(allowedIps && { allowedIps }) };
  return { id, name, keyPrefix, permission, expiresAt, ...limits, createdAt, lastUsedAt, revokedAt };
}

/**
 * Names as stable ids, for which the database is asked. Throws VALIDATION_ERROR for unknown entities and for those that
 * are named twice.
 */
export async function resolveScopes(
  ctx: WorkspaceContext,
  scopes: readonly NamedScope[] | null | undefined,
): Promise<readonly ApiKeyScope[] | null | undefined> {
  if (!scopes) return scopes;
  const [names] = await ctx.platform.read.batch([entityNamesOf(ctx.platform, ctx.address)]);
  const details: Detail[] = [];
  const stored = scopes.map(({ entity, operations }, i) => {
    const known = names.find(({ name }) => name === entity);
    const field = `scopes[${i}].entity`;
    if (!known) details.push({ field, message: `Entity not found: ${entity}` });
    else if (scopes.findIndex((other) => other.entity === entity) < i)
      details.push({ field, message: `'${entity}' is named twice` });
    return { entityId: known?.id ?? "", operations: OPERATIONS.filter((each) => operations.includes(each)) };
  });
  if (details.length > 0) throw validationFailed(details);
  return stored;
}

/** What KV holds of a key. */
export function toApiKeyRecord(row: ApiKeyRow, { organization, workspace }: WorkspaceAddress): ApiKeyRecord {
  const { id: keyId, workspaceId, version, permission, expiresAt, scopes, allowedIps } = row;
  return { keyId, workspaceId, organization, workspace, version, permission, expiresAt, scopes, allowedIps };
}

/** What the audit shows of keys. */
export const auditedKey = (where: SQL | undefined): AuditSubject => ({
  table: apiKeys,
  columns: columnsWithout(apiKeys, ["workspaceId", "lastUsedAt"]),
  where,
});

/** The key of an id, as long as it belongs to the addressed workspace. */
export const isKeyOf = (platform: Platform, { address, id }: { address: WorkspaceAddress; id: string }) =>
  and(eq(apiKeys.id, id), inArray(apiKeys.workspaceId, workspaceIdOf(platform, address)));

interface KeyChange {
  readonly action: string;
  readonly id: string;
  /** As of AuditSubject. */
  readonly onlyIf?: SQL;
}

/** The audit of a change of one key. */
export function auditKey(ctx: WorkspaceContext, { action, id, onlyIf }: KeyChange) {
  const { platform, address } = ctx;
  const workspaceId = sql`(${workspaceIdOf(platform, address)})`;
  const where = isKeyOf(platform, { address, id });
  return auditChange(
    ctx,
    { action, subject: id, workspaceId },
    { ...auditedKey(where), ...(onlyIf && { onlyIf }) },
  );
}
