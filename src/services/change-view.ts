import { eq, sql } from "drizzle-orm";
import { forgetWorkspaceView } from "../db/catalog-store.ts";
import { db, statementOf } from "../db/platform.ts";
import { workspaces } from "../db/tables/platform.ts";
import { runFenced } from "../fence/run-fenced.ts";
import type { Statement } from "../model/sql-value.ts";
import type { WorkspaceView } from "../model/workspace.ts";
import { stepsOf, type WritePlan } from "../write/plan/write-plan.ts";
import type { WorkspaceContext } from "./context.ts";

export interface ViewChange<T> extends Pick<WritePlan<T>, "shape" | "timeoutMs"> {
  readonly statements: readonly Statement[];
}

/**
 * Changes parts of a workspace's view other than the schema, in one transaction. The revision rises, so the next request
 * obeys the change, everywhere. `plan` is pure, and runs again if the view has changed meanwhile. Throws NOT_FOUND, and what
 * `plan` throws.
 */
export async function changeView<T>(
  ctx: WorkspaceContext,
  plan: (view: WorkspaceView) => ViewChange<T>,
): Promise<T> {
  const result = await runFenced(ctx, {
    need: "MANAGE",
    plan(view) {
      const { statements, ...change } = plan(view);
      return { ...change, kind: "WRITE", steps: stepsOf([...statements, raiseRevision(view)]) };
    },
  });
  forgetWorkspaceView(ctx.address);
  return result;
}

/** Reads from the current view. Throws NOT_FOUND, and what `shape` throws. */
export const readView = <T>(ctx: WorkspaceContext, shape: (view: WorkspaceView) => T): Promise<T> =>
  runFenced(ctx, {
    need: "READ",
    plan(view) {
      const shown = shape(view);
      return { kind: "READ", statements: [], shape: () => shown };
    },
  });

function raiseRevision({ workspace }: WorkspaceView): Statement {
  const raised = db.update(workspaces).set({ revision: sql`${workspaces.revision} + 1` });
  return statementOf(raised.where(eq(workspaces.id, workspace.id)));
}
