import { runFenced } from "../../fence/run-fenced.ts";
import type { WorkspaceContext } from "../context.ts";

/**
 * Refuses a key that may only read, before the body is read. Asks the database only for such a key, because it may have
 * been given more rights meanwhile. Throws what the fence refuses.
 */
export async function requireWritePermission(ctx: WorkspaceContext): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "KEY" || actor.key.permission !== "READ_ONLY") return;
  await runFenced(ctx, {
    need: "WRITE",
    plan: () => ({ kind: "READ", statements: [], shape: () => undefined }),
  });
}
