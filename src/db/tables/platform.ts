import {
  type AnySQLiteColumn,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { ApiKeyScope } from "../../model/access.ts";
import { ACCESS_MODES } from "../../model/access-mode.ts";
import { ADMINISTRATOR_KINDS } from "../../model/administrator.ts";
import { PERMISSIONS } from "../../model/api-key.ts";
import type { EntityDefinition } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import { DEFAULT_KEPT_BYTES } from "../../model/kept-bytes.ts";
import { MCP_MODES } from "../../model/mcp-mode.ts";
import type { SchemaChange } from "../../model/schema-change.ts";

/* The platform's own tables. Times are ISO 8601 UTC texts, so that their order is the order of time. */

export const organizations = sqliteTable("organizations", {
  id: integer().primaryKey({ autoIncrement: true }),
  slug: text().notNull().unique(),
  name: text().notNull(),
  createdAt: text("created_at").notNull(),
  updatedAt: text("updated_at").notNull(),
});

export const workspaces = sqliteTable(
  "workspaces",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    organizationId: integer("organization_id")
      .notNull()
      .references(() => organizations.id, { onDelete: "restrict" }),
    slug: text().notNull(),
    name: text().notNull(),
    accessMode: text("access_mode", { enum: ACCESS_MODES }).notNull().default("ACTIVE"),
    maxExpandDepth: integer("max_expand_depth"),
    corsAllowedOrigins: text("cors_allowed_origins", { mode: "json" }).$type<readonly string[]>(),
    rateLimit: integer("rate_limit"),
    mcpMode: text("mcp_mode", { enum: MCP_MODES }).notNull().default("DISABLED"),
    schemaVersion: integer("schema_version").notNull().default(0),
    revision: integer().notNull().default(0),
    /**
     * The holder of the schema-change lease, and its end in the database's own Unix seconds; see drizzle's request
     * fence.
     */
    migrationToken: text("migration_token"),
    migratingUntil: integer("migrating_until"),
    /**
     * The sizes of the workspace's webhook events and stored responses, updated by triggers; drizzle's kept_bytes
     * migration.
     */
    outboxBytes: integer("outbox_bytes").notNull().default(0),
    idempotencyBytes: integer("idempotency_bytes").notNull().default(0),
    createdAt: text("created_at").notNull(),
    updatedAt: text("updated_at").notNull(),
  },
  (table) => [uniqueIndex("workspaces_slug").on(table.organizationId, table.slug)],
);

export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: text().primaryKey(),
    workspaceId: integer("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    name: text().notNull(),
    keyPrefix: text("key_prefix").notNull(),
    permission: text({ enum: PERMISSIONS }).notNull(),
    scopes: text({ mode: "json" }).$type<readonly ApiKeyScope[]>(),
    allowedIps: text("allowed_ips", { mode: "json" }).$type<readonly string[]>(),
    mayWriteTimestamps: integer("may_write_timestamps", { mode: "boolean" }).notNull().default(false),
    expiresAt: text("expires_at"),
    mayMintTokens: integer("may_mint_tokens", { mode: "boolean" }).notNull().default(false),
    version: integer().notNull().default(1),
    createdAt: text("created_at").notNull(),
    lastUsedAt: text("last_used_at"),
    revokedAt: text("revoked_at"),
  },
  (table) => [index("api_keys_workspace").on(table.workspaceId)],
);

/** The secrets of keys: the current one of each, and rotated ones until their grace period ends. */
export const secretTable = <Name extends string>(name: Name, keyId: () => AnySQLiteColumn) =>
  sqliteTable(
    name,
    {
      /** SHA-256 of the whole key, in hex. */
      hash: text().primaryKey(),
      keyId: text("key_id").notNull().references(keyId, { onDelete: "cascade" }),
      /** Null for the current secret. */
      validUntil: text("valid_until"),
    },
    (table) => [index(`${name}_key`).on(table.keyId)],
  );

export const apiKeySecrets = secretTable("api_key_secrets", () => apiKeys.id);

/**
 * Revokes tokens issued before a time: those of one key, or of all keys if it is empty; of one subject, or of all if it
 * is empty.
 */
export const tokenRevocations = sqliteTable(
  "token_revocations",
  {
    workspaceId: integer("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    keyId: text("key_id").notNull().default(""),
    subject: text().notNull().default(""),
    revokedBefore: text("revoked_before").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.keyId, table.subject] }),
    index("token_revocations_time").on(table.revokedBefore),
  ],
);

export const entities = sqliteTable(
  "entities",
  {
    id: text().primaryKey(),
    workspaceId: integer("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    position: integer().notNull(),
    name: text().notNull(),
    tableName: text("table_name").notNull(),
    definition: text({ mode: "json" }).$type<EntityDefinition>().notNull(),
  },
  (table) => [
    uniqueIndex("entities_name").on(table.workspaceId, table.name),
    uniqueIndex("entities_table").on(table.workspaceId, table.tableName),
  ],
);

/** Every schema change that was applied. */
export const schemaChanges = sqliteTable(
  "schema_changes",
  {
    workspaceId: integer("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    /** The schema version that the change produced. */
    version: integer().notNull(),
    changes: text({ mode: "json" }).$type<readonly SchemaChange[]>().notNull(),
    createdAt: text("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.version] })],
);

/** Every admin change. An entry outlives its subject, so it has no foreign keys. */
export const auditLog = sqliteTable(
  "audit_log",
  {
    /** Orders the changes of one moment. */
    sequence: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull().unique(),
    workspaceId: integer("workspace_id"),
    organizationId: integer("organization_id"),
    at: text().notNull(),
    requestId: text("request_id").notNull(),
    action: text().notNull(),
    /** Who made the change. */
    actorKind: text("actor_kind", { enum: ADMINISTRATOR_KINDS }).notNull().default("SYSTEM"),
    actorId: text("actor_id"),
    actorName: text("actor_name").notNull().default(""),
    /** The slug or id of the changed thing. */
    subject: text().notNull(),
    before: text({ mode: "json" }).$type<JsonObject>(),
    after: text({ mode: "json" }).$type<JsonObject>(),
  },
  (table) => [
    index("audit_log_workspace").on(table.workspaceId, table.at),
    index("audit_log_organization").on(table.organizationId, table.at),
  ],
);

/**
 * The outcomes of writes with an Idempotency-Key, for replays. `WITHOUT ROWID`, because an insert here must not
 * change `last_insert_rowid()` of the write that it follows.
 */
export const idempotency = sqliteTable(
  "idempotency",
  {
    workspaceId: integer("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    /** Who used the key. */
    principal: text().notNull(),
    key: text().notNull(),
    /** The position of the write whose record is stored; -1 for the request itself. */
    position: integer().notNull(),
    content: text(),
    /** Only for the request itself. */
    fingerprint: text(),
    schemaVersion: integer("schema_version"),
    createdAt: text("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.principal, table.key, table.position] }),
    index("idempotency_created").on(table.createdAt),
  ],
);

/** One row: the id of this database, generated when it was created, and the budgets of each workspace. */
export const deployments = sqliteTable("deployment", {
  id: text().primaryKey(),
  maxOutboxBytes: integer("max_outbox_bytes").notNull().default(DEFAULT_KEPT_BYTES),
  maxIdempotencyBytes: integer("max_idempotency_bytes").notNull().default(DEFAULT_KEPT_BYTES),
});

/** Records per user table, kept by triggers, so that an unfiltered total does not scan. */
export const recordCounts = sqliteTable("record_counts", {
  tableName: text("table_name").primaryKey(),
  count: integer().notNull(),
});

/**
 * Generated ids of the running transaction, by the names that later operations use. Emptied before the commit, so
 * nobody ever sees rows of another transaction.
 */
export const transactionResults = sqliteTable("transaction_results", {
  name: text().primaryKey(),
  /** An integer, or a text where ids are UUIDs: SQLite stores both in one column. */
  recordId: integer("record_id"),
});
