import { integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { ApiKeyScope } from "../../model/access.ts";
import { PERMISSIONS } from "../../model/api-key.ts";
import type { TokenAlgorithm } from "../../model/issuer.ts";
import { workspaces } from "./platform.ts";

/* Identity providers whose users may sign in to a workspace, and what they may do. */

const workspaceId = () =>
  integer("workspace_id")
    .notNull()
    .references(() => workspaces.id, { onDelete: "cascade" });

export const issuers = sqliteTable(
  "issuers",
  {
    workspaceId: workspaceId(),
    name: text().notNull(),
    issuer: text().notNull(),
    audience: text().notNull(),
    jwksUrl: text("jwks_url"),
    algorithms: text({ mode: "json" }).$type<readonly TokenAlgorithm[]>().notNull(),
    roleClaim: text("role_claim"),
    createdAt: text("created_at").notNull(),
    updatedAt: text("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.name] }),
    uniqueIndex("issuers_issuer").on(table.workspaceId, table.issuer),
  ],
);

export const roles = sqliteTable(
  "roles",
  {
    workspaceId: workspaceId(),
    name: text().notNull(),
    permission: text({ enum: PERMISSIONS }).notNull(),
    scopes: text({ mode: "json" }).$type<readonly ApiKeyScope[]>(),
    createdAt: text("created_at").notNull(),
    updatedAt: text("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.name] })],
);

/** Revokes an issuer's tokens that were issued until a time: those of one subject or, if it is empty, of everyone. */
export const userRevocations = sqliteTable(
  "user_revocations",
  {
    workspaceId: workspaceId(),
    /** The `iss` of the tokens. It outlives the trust in the issuer, which may be restored. */
    issuer: text().notNull(),
    subject: text().notNull().default(""),
    revokedBefore: text("revoked_before").notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.issuer, table.subject] })],
);
