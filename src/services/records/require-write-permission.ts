import { runFenced } from "../../fence/run-fenced.ts";
import { permissionOf } from "../../model/actor.ts";
import type { WorkspaceContext } from "../context.ts";

/**
 * Refuses principals that may only read, before the body is read. For them it asks the database, because they may
 * have more rights by now. Throws the fence's errors.
 */
export async function requireWritePermission(ctx: WorkspaceContext): Promise<void> {
  if (permissionOf(ctx.actor) !== "READ_ONLY") return;
  await runFenced(ctx, {
    need: "WRITE",
    plan: () => ({ kind: "READ", statements: [], shape: () => undefined }),
  });
}
