import { inArray } from "drizzle-orm";
import { workspaceIdOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { workspaces } from "../../db/tables/platform.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { ServiceContext, WorkspaceContext } from "../context.ts";
import { toWorkspaceDto, type WorkspaceDto } from "./workspace.ts";

/** Throws NOT_FOUND. */
export async function getWorkspace(
  ctx: ServiceContext & Pick<WorkspaceContext, "address">,
): Promise<WorkspaceDto> {
  const [[row]] = await ctx.platform.readBatch([
    db
      .select()
      .from(workspaces)
      .where(inArray(workspaces.id, workspaceIdOf(ctx.address))),
  ]);
  if (!row) throw await workspaceMissing(ctx);
  return toWorkspaceDto(row);
}
