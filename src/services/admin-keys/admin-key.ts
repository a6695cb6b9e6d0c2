import { and, eq, type SQL, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { db } from "../../db/platform.ts";
import { adminKeyFacts, adminKeys } from "../../db/tables/administrators.ts";
import { organizations } from "../../db/tables/platform.ts";
import { notFound, roleNotAllowed } from "../../errors/api-errors.ts";
import { ADMIN_ROLES } from "../../model/admin-role.ts";
import { isWithinReach } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { addressRangesSchema, displayNameSchema, instantSchema, timeSchema } from "../field-schemas.ts";
import { settle } from "../secrets.ts";

export const adminKeySchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  keyPrefix: z.string(),
  /** Null for all organizations. */
  organization: z.string().nullable(),
  role: z.enum(ADMIN_ROLES),
  expiresAt: timeSchema.nullable(),
  createdAt: timeSchema,
  lastUsedAt: timeSchema.nullable(),
  revokedAt: timeSchema.nullable(),
  /** Absent for anywhere. */
  allowedIps: z.array(z.string()).optional(),
});
export type AdminKeyDto = Dto<typeof adminKeySchema>;

/** Includes the key itself, which is shown only once. */
export const adminKeyWithSecretSchema = adminKeySchema.extend({ key: z.string() });
export type AdminKeyWithSecretDto = Dto<typeof adminKeyWithSecretSchema>;

const optional = {
  expiresAt: instantSchema.nullable().optional(),
  allowedIps: addressRangesSchema.nullable().optional(),
};

export const createAdminKeySchema = z.strictObject({
  name: displayNameSchema,
  /** Null for all organizations. */
  organization: z.string().nullable(),
  role: z.enum(ADMIN_ROLES),
  ...optional,
});

export const updateAdminKeySchema = z.strictObject({
  name: displayNameSchema.optional(),
  role: z.enum(ADMIN_ROLES).optional(),
  ...optional,
});

/** Columns of a key with the slug of its organization, for a select or a `returning`. */
export const shownAdminKey = {
  ...columnsOf(),
  organization: sql<
    string | null
  >`(SELECT slug FROM ${organizations} WHERE id = ${adminKeys.organizationId})`,
};

function columnsOf() {
  const { id, name, keyPrefix, role, allowedIps, expiresAt, createdAt, lastUsedAt, revokedAt } = adminKeys;
  return { id, name, keyPrefix, role, allowedIps, expiresAt, createdAt, lastUsedAt, revokedAt };
}

type Shown = Omit<AdminKeyDto, "allowedIps"> & { readonly allowedIps: readonly string[] | null };

export const toAdminKeyDto = ({ allowedIps, ...key }: Shown): AdminKeyDto => ({
  ...key,
  ...(allowedIps && { allowedIps }),
});

interface KeyChange {
  readonly action: string;
  readonly id: string;
  /** Selects the changed key. */
  readonly where: SQL | undefined;
  /** The condition of AuditSubject. */
  readonly onlyIf?: SQL;
}

/** The audit entry for a change of an admin key. */
export const auditAdminKey = (ctx: ServiceContext, { action, id, where, onlyIf }: KeyChange) =>
  auditChange(
    ctx,
    { action, subject: id, workspaceId: null, organizationId: adminKeys.organizationId },
    {
      table: adminKeys,
      columns: columnsWithout(adminKeys, ["organizationId", "lastUsedAt"]),
      where,
      ...(onlyIf && { onlyIf }),
    },
  );

/** The hashes of a key's secrets, each with its facts, as KV stores them. */
export const factsOfAdminKey = (id: string) =>
  db
    .select({ hash: adminKeyFacts.hash, facts: adminKeyFacts.facts })
    .from(adminKeyFacts)
    .where(eq(adminKeyFacts.keyId, id));

/** Copies the database's state to KV. */
export async function publishAdminKey(
  { adminKeys: store }: ServiceContext,
  secrets: readonly { readonly hash: string; readonly facts: string }[],
  isRevoked = false,
): Promise<void> {
  const writes = secrets.map(({ hash, facts }) => (isRevoked ? store.delete(hash) : store.put(hash, facts)));
  await settle(writes, "KV has an older copy of an admin key");
}

/** Why a key was not changed: the administrator cannot see it, or it has more rights than they have. */
export async function adminKeyRefused(ctx: ServiceContext, id: string) {
  const isSeen = and(eq(adminKeys.id, id), isWithinReach(ctx, adminKeys.organizationId));
  const [rows] = await ctx.platform.readBatch([
    db.select({ revokedAt: adminKeys.revokedAt }).from(adminKeys).where(isSeen),
  ]);
  return rows.length === 0 ? notFound("Admin key", id) : roleNotAllowed();
}
