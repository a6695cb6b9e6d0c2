import { eq, inArray } from "drizzle-orm";
import { forgetWorkspaceView } from "../../db/catalog-store.ts";
import { statementOf } from "../../db/platform.ts";
import { apiKeySecrets, apiKeys, workspaces } from "../../db/tables/platform.ts";
import { dropTables } from "../../ddl/compile-entity.ts";
import { badRequest } from "../../errors/failures.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { logWarning } from "../../lib/logger.ts";
import { LONG_WRITE_TIMEOUT_MS } from "../../libsql/database.ts";
import { stepsOf } from "../../write/plan/write-plan.ts";
import type { WorkspaceContext } from "../context.ts";
import { auditWorkspace } from "./workspace.ts";

/**
 * Deletes the workspace with all of its records and keys. Throws NOT_FOUND, BAD_REQUEST without the matching `confirm`.
 */
export async function deleteWorkspace(ctx: WorkspaceContext, confirm: string | null): Promise<void> {
  const { read, write } = ctx.platform;
  const hashes = await runFenced(ctx, {
    need: "MANAGE",
    plan({ workspace, catalog }) {
      const { id, slug } = workspace;
      if (confirm !== slug)
        throw badRequest(
          `This deletes the workspace with all of its data — repeat its slug: ?confirm=${slug}`,
        );
      const keyIds = read.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.workspaceId, id));
      const secrets = read.select({ hash: apiKeySecrets.hash }).from(apiKeySecrets);
      return {
        kind: "WRITE",
        steps: stepsOf([
          statementOf(secrets.where(inArray(apiKeySecrets.keyId, keyIds))),
          statementOf(auditWorkspace(ctx, "workspace.deleted", ctx.address).before),
          ...dropTables([...catalog.entities.values()]),
          statementOf(write.delete(workspaces).where(eq(workspaces.id, id))),
        ]),
        timeoutMs: LONG_WRITE_TIMEOUT_MS,
        shape: ([rows = []]) => rows.map(([hash]) => String(hash)),
      };
    },
  });
  forgetWorkspaceView(ctx.address);
  for (const hash of hashes) {
    await ctx.apiKeys
      .delete(hash)
      .catch((failure) => logWarning("a key of a deleted workspace stays in KV", failure));
  }
}
