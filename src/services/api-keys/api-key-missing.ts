import { workspaceIdOf } from "../../db/lookups.ts";
import { notFound } from "../../errors/api-errors.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { WorkspaceContext } from "../context.ts";

/** Finds out which part of an address does not exist: organization, workspace, or key. */
export async function apiKeyMissing(ctx: WorkspaceContext, id: string) {
  const [found] = await ctx.platform.readBatch([workspaceIdOf(ctx.address)]);
  return found.length === 0 ? workspaceMissing(ctx) : notFound("API key", id);
}
