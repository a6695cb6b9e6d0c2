import { inArray, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { workspaceIdOf } from "../../db/lookups.ts";
import { workspaces } from "../../db/tables/platform.ts";
import { ACCESS_MODES } from "../../model/access-mode.ts";
import { isOriginPattern } from "../../model/addresses/origin.ts";
import { MCP_MODES } from "../../model/mcp-mode.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import { MAX_EXPAND_DEPTH } from "../../query/limits.ts";
import { RATE_STEPS } from "../../rates/rate-limiter.ts";
import type { ServiceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { countSchema, displayNameSchema, slugSchema, timeSchema } from "../field-schemas.ts";

const MAX_CORS_ORIGINS = 100;
/** The part of it that JSON Schema can express. */
const ORIGIN_SHAPE = "^[a-z][a-z0-9+.-]*://([*][.])?[^A-Z \\t\\n/?#@*]+$";
const ORIGIN_RULE = "must be an origin such as https://app.example.com or https://*.example.com";

export const workspaceSchema = z.strictObject({
  slug: z.string(),
  name: z.string(),
  accessMode: z.enum(ACCESS_MODES),
  maxExpandDepth: z.int().nullable(),
  corsAllowedOrigins: z.array(z.string()).nullable(),
  rateLimit: z.int().nullable(),
  mcpMode: z.enum(MCP_MODES),
  schemaVersion: countSchema,
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
export type WorkspaceDto = Dto<typeof workspaceSchema>;

export const createWorkspaceSchema = z.strictObject({ slug: slugSchema, name: displayNameSchema });

export const updateWorkspaceSchema = z.strictObject({
  name: displayNameSchema.optional(),
  accessMode: z.enum(ACCESS_MODES).optional(),
  maxExpandDepth: z.int().min(1).max(MAX_EXPAND_DEPTH).nullable().optional(),
  corsAllowedOrigins: z
    .array(z.string().refine(isOriginPattern, ORIGIN_RULE).meta({ pattern: ORIGIN_SHAPE }))
    .max(MAX_CORS_ORIGINS)
    .nullable()
    .optional(),
  rateLimit: z.literal(RATE_STEPS).nullable().optional(),
  mcpMode: z.enum(MCP_MODES).optional(),
});

/** The audit entry for a change of a workspace. */
export const auditWorkspace = (ctx: ServiceContext, action: string, address: WorkspaceAddress) => {
  const id = workspaceIdOf(address);
  const hidden = ["id", "organizationId", "revision", "migrationToken", "migratingUntil"];
  return auditChange(
    ctx,
    { action, subject: address.workspace, workspaceId: sql`(${id})` },
    { table: workspaces, columns: columnsWithout(workspaces, hidden), where: inArray(workspaces.id, id) },
  );
};

export function toWorkspaceDto(row: typeof workspaces.$inferSelect): WorkspaceDto {
  const { slug, name, accessMode, maxExpandDepth, corsAllowedOrigins, rateLimit, mcpMode } = row;
  const { schemaVersion, createdAt, updatedAt } = row;
  return {
    slug,
    name,
    accessMode,
    maxExpandDepth,
    corsAllowedOrigins,
    rateLimit,
    mcpMode,
    schemaVersion,
    createdAt,
    updatedAt,
  };
}
