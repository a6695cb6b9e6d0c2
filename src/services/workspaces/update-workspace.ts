import { inArray, sql } from "drizzle-orm";
import { forgetWorkspaceView } from "../../db/catalog-store.ts";
import { workspaceIdOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { workspaces } from "../../db/tables/platform.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { auditWorkspace, toWorkspaceDto, updateWorkspaceSchema, type WorkspaceDto } from "./workspace.ts";

/**
 * Changes the sent properties. The revision rises, so every request that was planned before finds out: after the
 * response, the new access mode applies everywhere. Throws VALIDATION_ERROR, NOT_FOUND.
 */
export async function updateWorkspace(ctx: WorkspaceContext, body: unknown): Promise<WorkspaceDto> {
  const changes = withoutUndefined(parseInput(updateWorkspaceSchema, body));
  const audit = auditWorkspace(ctx, "workspace.updated", ctx.address);
  const [, [row]] = await ctx.platform.writeBatch([
    audit.before,
    db
      .update(workspaces)
      .set({ ...changes, updatedAt: ctx.now.toISOString(), revision: sql`${workspaces.revision} + 1` })
      .where(inArray(workspaces.id, workspaceIdOf(ctx.address)))
      .returning(),
    audit.after,
  ]);
  forgetWorkspaceView(ctx.address);
  if (!row) throw await workspaceMissing(ctx);
  return toWorkspaceDto(row);
}
