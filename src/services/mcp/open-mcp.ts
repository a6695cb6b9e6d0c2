import { runFenced } from "../../fence/run-fenced.ts";
import { OPERATIONS, type Operation } from "../../model/access.ts";
import { permissionOf } from "../../model/actor.ts";
import type { WorkspaceContext } from "../context.ts";

/**
 * Finds the operations that the key, its scopes and the workspace's `mcpMode` allow on at least one entity. `message`
 * may throw an error of the request. Throws FORBIDDEN while MCP is disabled.
 */
export async function openMcp(
  ctx: WorkspaceContext,
  message: () => unknown,
): Promise<ReadonlySet<Operation>> {
  return runFenced(ctx, {
    need: "READ",
    plan({ workspace, catalog, actor, access }) {
      message();
      const isWritable = workspace.mcpMode === "FULL" && permissionOf(actor) === "READ_WRITE";
      const entities = [...catalog.entities.values()];
      const useful = OPERATIONS.filter(
        (operation) =>
          (operation === "read" || isWritable) &&
          (access.isWhole || entities.some((entity) => access.isAllowed(operation, entity))),
      );
      return { kind: "READ", statements: [], shape: () => new Set(useful) };
    },
  });
}
