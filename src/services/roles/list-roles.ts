import { readView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { type Page, type PageRequest, pageOfAll } from "../page.ts";
import { type RoleDto, toRoleDto } from "./role.ts";

/** In order of name. Throws NOT_FOUND. */
export const listRoles = (ctx: WorkspaceContext, request: PageRequest): Promise<Page<RoleDto>> =>
  readView(ctx, ({ roles, catalog }) => {
    const { data, meta } = pageOfAll(roles, request);
    return { data: data.map((role) => toRoleDto(role, catalog)), meta };
  });
