import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, sqliteView, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { ADMIN_ROLES } from "../../model/admin-role.ts";
import { organizations, secretTable } from "./platform.ts";

/* Who may use the admin API besides the holder of ADMIN_TOKEN. A null organization means all organizations. */

export const adminKeys = sqliteTable(
  "admin_keys",
  {
    id: text().primaryKey(),
    organizationId: integer("organization_id").references(() => organizations.id, { onDelete: "cascade" }),
    name: text().notNull(),
    keyPrefix: text("key_prefix").notNull(),
    role: text({ enum: ADMIN_ROLES }).notNull(),
    allowedIps: text("allowed_ips", { mode: "json" }).$type<readonly string[]>(),
    expiresAt: text("expires_at"),
    createdAt: text("created_at").notNull(),
    lastUsedAt: text("last_used_at"),
    revokedAt: text("revoked_at"),
  },
  (table) => [index("admin_keys_organization").on(table.organizationId)],
);

export const adminKeySecrets = secretTable("admin_key_secrets", () => adminKeys.id);

/** The facts of each secret, as the fence compares them (drizzle/0017_administrators.sql). */
export const adminKeyFacts = sqliteView("admin_key_facts", {
  hash: text().notNull(),
  keyId: text("key_id").notNull(),
  /** A JSON array. */
  facts: text().notNull(),
}).existing();

/** Roles of people who sign in at the identity provider. */
export const members = sqliteTable(
  "members",
  {
    id: text().primaryKey(),
    /** Lower case. */
    email: text().notNull(),
    organizationId: integer("organization_id").references(() => organizations.id, { onDelete: "cascade" }),
    role: text({ enum: ADMIN_ROLES }).notNull(),
    createdAt: text("created_at").notNull(),
    updatedAt: text("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("members_email").on(table.email, sql`coalesce("organization_id", 0)`),
    index("members_organization").on(table.organizationId),
  ],
);
