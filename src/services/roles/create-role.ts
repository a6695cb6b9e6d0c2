import { db, statementOf } from "../../db/platform.ts";
import { roles } from "../../db/tables/users.ts";
import { badRequest, uniqueViolation } from "../../errors/api-errors.ts";
import { type Role, roleNamed } from "../../model/role.ts";
import { changeView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { checkScopes } from "../scopes/read-scopes.ts";
import { auditRole, createRoleSchema, MAX_ROLES, type RoleDto, rejectUnusable, toRoleDto } from "./role.ts";

/** Throws VALIDATION_ERROR, NOT_FOUND, UNIQUE_CONSTRAINT_VIOLATION, BAD_REQUEST. */
export async function createRole(ctx: WorkspaceContext, body: unknown): Promise<RoleDto> {
  const input = parseInput(createRoleSchema, body);
  const { name } = input;
  rejectUnusable(input);
  return changeView(ctx, ({ workspace, catalog, roles: existing }) => {
    if (roleNamed(existing, name)) throw uniqueViolation([{ field: "name", value: name }]);
    if (existing.length >= MAX_ROLES) throw badRequest(`A workspace is limited to ${MAX_ROLES} roles`);
    const { scopes, warnings } = checkScopes<null>(catalog, input.scopes);
    const now = ctx.now.toISOString();
    const role: Role = { ...input, scopes, createdAt: now, updatedAt: now };
    return {
      statements: [
        db.insert(roles).values({ ...role, workspaceId: workspace.id }),
        auditRole(ctx, "role.created", { workspace, name }).after,
      ].map(statementOf),
      shape: () => ({ ...toRoleDto(role, catalog), ...warnings }),
    };
  });
}
