import { inArray } from "drizzle-orm";
import { workspaceIdOf } from "../../db/lookups.ts";
import { workspaces } from "../../db/tables/platform.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { ServiceContext, WorkspaceContext } from "../context.ts";
import { toWorkspaceDto, type WorkspaceDto } from "./workspace.ts";

/** Throws NOT_FOUND. */
export async function getWorkspace(
  ctx: ServiceContext & Pick<WorkspaceContext, "address">,
): Promise<WorkspaceDto> {
  const { read } = ctx.platform;
  const [[row]] = await read.batch([
    read
      .select()
      .from(workspaces)
      .where(inArray(workspaces.id, workspaceIdOf(ctx.platform, ctx.address))),
  ]);
  if (!row) throw await workspaceMissing(ctx);
  return toWorkspaceDto(row);
}
