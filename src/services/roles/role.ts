import { and, eq } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { roles } from "../../db/tables/users.ts";
import { notFound, validationFailed } from "../../errors/api-errors.ts";
import { PERMISSIONS } from "../../model/api-key.ts";
import type { Catalog } from "../../model/catalog.ts";
import { type Role, roleNamed } from "../../model/role.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { nameSchema, timeSchema } from "../field-schemas.ts";
import { contradictionsOf, scopesSchema, shownScopeSchema, warningsSchema } from "../scopes/scope-schema.ts";
import { showScopes } from "../scopes/show-scopes.ts";

export const MAX_ROLES = 50;

export const roleSchema = z.strictObject({
  name: z.string(),
  permission: z.enum(PERMISSIONS),
  /** Null for everything that the permission allows. */
  scopes: z.array(shownScopeSchema).nullable(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  warnings: warningsSchema,
});
export type RoleDto = Dto<typeof roleSchema>;

/** `scopes` is required, so a role that allows everything says so. */
export const createRoleSchema = z.strictObject({
  name: nameSchema,
  permission: z.enum(PERMISSIONS),
  scopes: scopesSchema.nullable(),
});

export const updateRoleSchema = z.strictObject({
  permission: z.enum(PERMISSIONS).optional(),
  scopes: scopesSchema.nullable().optional(),
});

/** The role of a name. Throws NOT_FOUND. */
export function roleIn({ roles: known }: WorkspaceView, name: string): Role {
  const role = roleNamed(known, name);
  if (!role) throw notFound("Role", name);
  return role;
}

/** Throws VALIDATION_ERROR for sent scopes that a READ_ONLY role cannot use. */
export function rejectUnusable({ permission, scopes }: z.output<typeof updateRoleSchema>): void {
  const details = contradictionsOf(permission, scopes);
  if (details.length > 0) throw validationFailed(details);
}

/** Shows scopes with current names. */
export const toRoleDto = (
  { name, permission, scopes, createdAt, updatedAt }: Role,
  catalog: Catalog,
): RoleDto => ({
  name,
  permission,
  scopes: scopes && showScopes(catalog, scopes),
  createdAt,
  updatedAt,
});

export interface RolePlace extends Pick<WorkspaceView, "workspace"> {
  readonly name: string;
}

export const isRole = ({ workspace, name }: RolePlace) =>
  and(eq(roles.workspaceId, workspace.id), eq(roles.name, name));

/** The audit of a change of one role. */
export const auditRole = (ctx: WorkspaceContext, action: string, place: RolePlace) =>
  auditChange(
    ctx,
    { action, subject: place.name, workspaceId: place.workspace.id },
    { table: roles, columns: columnsWithout(roles, ["workspaceId"]), where: isRole(place) },
  );
