import { readView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { type RoleDto, roleIn, toRoleDto } from "./role.ts";

/** Throws NOT_FOUND. */
export const getRole = (ctx: WorkspaceContext, name: string): Promise<RoleDto> =>
  readView(ctx, (view) => toRoleDto(roleIn(view, name), view.catalog));
