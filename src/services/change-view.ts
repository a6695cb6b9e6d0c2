import { eq, sql } from "drizzle-orm";
import { forgetWorkspaceView } from "../db/catalog-store.ts";
import { db, statementOf } from "../db/platform.ts";
import { workspaces } from "../db/tables/platform.ts";
import { requireLoadable } from "../db/view-size.ts";
import { isGuardFailure } from "../db/write-guard.ts";
import { workspaceTooLarge } from "../errors/api-errors.ts";
import { runFenced } from "../fence/run-fenced.ts";
import type { Statement } from "../model/sql-value.ts";
import type { WorkspaceView } from "../model/workspace.ts";
import { known } from "../write/failure/diagnosis.ts";
import { stepsOf, type WritePlan, type WriteStep } from "../write/plan/write-plan.ts";
import type { WorkspaceContext } from "./context.ts";

export interface ViewChange<T> extends Pick<WritePlan<T>, "shape" | "timeoutMs"> {
  readonly statements: readonly Statement[];
}

/**
 * Changes parts of a workspace's view other than the schema, in one transaction. The revision rises, so the next request
 * obeys the change, everywhere. `plan` is pure, and runs again if the view has changed meanwhile. Throws NOT_FOUND,
 * BAD_REQUEST, and what `plan` throws.
 */
export async function changeView<T>(
  ctx: WorkspaceContext,
  plan: (view: WorkspaceView) => ViewChange<T>,
): Promise<T> {
  const result = await runFenced(ctx, {
    need: "MANAGE",
    plan(view) {
      const { statements, ...change } = plan(view);
      const steps = [...stepsOf([...statements, raiseRevision(view)]), keepLoadable(view.workspace.id)];
      return { ...change, kind: "WRITE", steps };
    },
  });
  forgetWorkspaceView(ctx.address);
  return result;
}

/** Refuses a change, as its last step, if the workspace would be too large to be loaded. */
export const keepLoadable = (workspaceId: number): WriteStep => ({
  statement: requireLoadable(workspaceId),
  diagnose: (failure) => known(isGuardFailure(failure) ? workspaceTooLarge() : undefined),
});

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
