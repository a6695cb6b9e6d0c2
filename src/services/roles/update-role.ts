import { db, statementOf } from "../../db/platform.ts";
import { roles } from "../../db/tables/users.ts";
import type { Role } from "../../model/role.ts";
import { changeView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { checkScopes } from "../scopes/read-scopes.ts";
import { withoutUndefined } from "../without-undefined.ts";
import {
  auditRole,
  isRole,
  type RoleDto,
  rejectUnusable,
  roleIn,
  toRoleDto,
  updateRoleSchema,
} from "./role.ts";

export interface UpdateRoleInput {
  readonly name: string;
  readonly body: unknown;
}

/** Changes the sent properties, from the next request on. Throws VALIDATION_ERROR, NOT_FOUND. */
export async function updateRole(ctx: WorkspaceContext, { name, body }: UpdateRoleInput): Promise<RoleDto> {
  const input = parseInput(updateRoleSchema, body);
  return changeView(ctx, (view) => {
    const { workspace, catalog } = view;
    const before = roleIn(view, name);
    rejectUnusable({ permission: input.permission ?? before.permission, scopes: input.scopes });
    const { scopes, warnings } = checkScopes(catalog, input.scopes);
    const changes = { ...withoutUndefined({ ...input, scopes }), updatedAt: ctx.now.toISOString() };
    const role: Role = { ...before, ...changes };
    const audit = auditRole(ctx, "role.updated", { workspace, name });
    const update = db.update(roles).set(changes).where(isRole({ workspace, name }));
    return {
      statements: [audit.before, update, audit.after].map(statementOf),
      shape: () => ({ ...toRoleDto(role, catalog), ...warnings }),
    };
  });
}
