import { eq, sql } from "drizzle-orm";
import { forgetWorkspaceView } from "../../db/catalog-store.ts";
import { toStatement } from "../../db/platform.ts";
import { workspaces } from "../../db/tables/platform.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";

export interface SchemaChange<T> {
  /** Metadata and tables, in order; they run in one transaction. */
  readonly statements: readonly Statement[];
  readonly result: T;
}

/**
 * One atomic schema change, planned on the schema that it finds: `schemaVersion` rises by one, and every request that
 * was planned before is planned again. Throws WORKSPACE_STATUS, NOT_FOUND, and what `plan` throws.
 */
export async function changeSchema<T>(
  ctx: WorkspaceContext,
  plan: (view: WorkspaceView) => SchemaChange<T>,
): Promise<T> {
  const result = await runFenced(ctx, {
    need: "SCHEMA",
    plan(view) {
      const { statements, result } = plan(view);
      return { statements: [...statements, raiseSchemaVersion(ctx, view)], shape: () => result };
    },
  });
  forgetWorkspaceView(ctx.address);
  return result;
}

function raiseSchemaVersion(
  { platform: { write }, now }: WorkspaceContext,
  { workspace }: WorkspaceView,
): Statement {
  return toStatement(
    write
      .update(workspaces)
      .set({
        schemaVersion: sql`${workspaces.schemaVersion} + 1`,
        revision: sql`${workspaces.revision} + 1`,
        updatedAt: now.toISOString(),
      })
      .where(eq(workspaces.id, workspace.id)),
  );
}
