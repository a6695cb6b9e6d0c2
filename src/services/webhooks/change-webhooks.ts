import { eq, sql } from "drizzle-orm";
import { forgetWorkspaceView } from "../../db/catalog-store.ts";
import { statementOf } from "../../db/platform.ts";
import { workspaces } from "../../db/tables/platform.ts";
import { compileOutboxTriggers } from "../../ddl/outbox-triggers.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { Statement } from "../../model/sql-value.ts";
import { eventsOfEntity, type WebhookCoverage } from "../../model/webhook.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { stepsOf, type WritePlan } from "../../write/plan/write-plan.ts";
import type { WorkspaceContext } from "../context.ts";

export interface WebhooksChange<T> extends Pick<WritePlan<T>, "shape" | "timeoutMs"> {
  readonly statements: readonly Statement[];
  /** The events that all webhooks of the workspace listen to after the change. */
  readonly webhooks: readonly WebhookCoverage[];
}

/**
 * Changes webhooks in one transaction, with the triggers of entities that they start or stop covering. `plan` is pure,
 * and runs again if webhooks or schema have changed meanwhile. Throws NOT_FOUND, and what `plan` throws.
 */
export async function changeWebhooks<T>(
  ctx: WorkspaceContext,
  plan: (view: WorkspaceView) => WebhooksChange<T>,
): Promise<T> {
  const result = await runFenced(ctx, {
    need: "MANAGE",
    plan(view) {
      const { webhooks, statements, ...change } = plan(view);
      const after = [...changedTriggers(view, webhooks), raiseRevision(ctx, view)];
      return { ...change, kind: "WRITE", steps: stepsOf([...statements, ...after]) };
    },
  });
  forgetWorkspaceView(ctx.address);
  return result;
}

function changedTriggers(view: WorkspaceView, next: readonly WebhookCoverage[]): readonly Statement[] {
  return [...view.catalog.entities.values()].flatMap((entity) => {
    const events = eventsOfEntity(next, entity.id);
    const isSame = events.join() === eventsOfEntity(view.webhooks, entity.id).join();
    return isSame ? [] : compileOutboxTriggers(view.workspace.id, entity, events);
  });
}

function raiseRevision({ platform: { write } }: WorkspaceContext, { workspace }: WorkspaceView): Statement {
  const raised = write.update(workspaces).set({ revision: sql`${workspaces.revision} + 1` });
  return statementOf(raised.where(eq(workspaces.id, workspace.id)));
}
