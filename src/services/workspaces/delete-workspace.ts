import { eq, inArray } from "drizzle-orm";
import { forgetWorkspaceView } from "../../db/catalog-store.ts";
import { db, prepare, statementOf } from "../../db/platform.ts";
import { apiKeySecrets, apiKeys, workspaces } from "../../db/tables/platform.ts";
import { dropTables } from "../../ddl/compile-entity.ts";
import { badRequest } from "../../errors/api-errors.ts";
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
  const hashes = await runFenced(ctx, {
    need: "MANAGE",
    plan({ workspace, catalog }) {
      const { id, slug } = workspace;
      if (confirm !== slug)
        throw badRequest(
          `This deletes the workspace with all of its data — repeat its slug: ?confirm=${slug}`,
        );
      const keyIds = db.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.workspaceId, id));
      const ofKeys = inArray(apiKeySecrets.keyId, keyIds);
      const secrets = prepare(db.select({ hash: apiKeySecrets.hash }).from(apiKeySecrets).where(ofKeys));
      return {
        kind: "WRITE",
        steps: stepsOf([
          secrets.statement,
          statementOf(auditWorkspace(ctx, "workspace.deleted", ctx.address).before),
          ...dropTables([...catalog.entities.values()]),
          statementOf(db.delete(workspaces).where(eq(workspaces.id, id))),
        ]),
        timeoutMs: LONG_WRITE_TIMEOUT_MS,
        shape: ([rows]) => secrets.decode(rows).map(({ hash }) => hash),
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
