import { createRole } from "../../services/roles/create-role.ts";
import { deleteRole } from "../../services/roles/delete-role.ts";
import { getRole } from "../../services/roles/get-role.ts";
import { listRoles } from "../../services/roles/list-roles.ts";
import { createRoleSchema, roleSchema, updateRoleSchema } from "../../services/roles/role.ts";
import { updateRole } from "../../services/roles/update-role.ts";
import { workspaceContext } from "../context.ts";
import { type AdminRoute, created, none, one, page } from "./admin-route.ts";
import { answerSchema, bodySchema } from "./components.ts";
import { nameInPath, WORKSPACE } from "./paths.ts";

const RoleInput = bodySchema("RoleInput", createRoleSchema);
const RolePatch = bodySchema("RolePatch", updateRoleSchema);
const Role = answerSchema("Role", roleSchema);

const ROLES = `${WORKSPACE}/roles`;

export const roles: readonly AdminRoute[] = [
  {
    path: ROLES,
    tag: "Users",
    GET: page({
      id: "listRoles",
      summary: "List roles of users",
      role: "VIEWER",
      answer: Role,
      handle: (c, request) => listRoles(workspaceContext(c), request),
    }),
    POST: created({
      id: "createRole",
      summary:
        "Create a role; `authenticated` is for users without another, `anonymous` for requests without a credential",
      role: "EDITOR",
      body: RoleInput,
      answer: Role,
      handle: async (c, { body }) => createRole(workspaceContext(c), body()),
    }),
  },
  {
    path: `${ROLES}/:name`,
    tag: "Users",
    GET: one({
      id: "getRole",
      summary: "Get a role",
      role: "VIEWER",
      answer: Role,
      handle: (c) => getRole(workspaceContext(c), nameInPath(c)),
    }),
    PATCH: one({
      id: "updateRole",
      summary: "Change a role",
      role: "EDITOR",
      body: RolePatch,
      answer: Role,
      handle: async (c, { body }) => updateRole(workspaceContext(c), { name: nameInPath(c), body: body() }),
    }),
    DELETE: none({
      id: "deleteRole",
      summary: "Delete a role",
      role: "EDITOR",
      handle: (c) => deleteRole(workspaceContext(c), nameInPath(c)),
    }),
  },
];
