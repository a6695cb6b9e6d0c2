import { compileOutboxTriggers } from "../../ddl/outbox-triggers.ts";
import type { Statement } from "../../model/sql-value.ts";
import { eventsOfEntity, type WebhookCoverage } from "../../model/webhook.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { changeView, type ViewChange } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";

export interface WebhooksChange<T> extends ViewChange<T> {
  /** The events that all webhooks of the workspace listen to after the change. */
  readonly webhooks: readonly WebhookCoverage[];
}

/**
 * Changes webhooks in one transaction, with the triggers of entities that they start or stop covering. `plan` is pure,
 * and runs again if webhooks or schema have changed meanwhile. Throws NOT_FOUND, and what `plan` throws.
 */
export const changeWebhooks = <T>(
  ctx: WorkspaceContext,
  plan: (view: WorkspaceView) => WebhooksChange<T>,
): Promise<T> =>
  changeView(ctx, (view) => {
    const { webhooks, statements, ...change } = plan(view);
    return { ...change, statements: [...statements, ...changedTriggers(view, webhooks)] };
  });

function changedTriggers(view: WorkspaceView, next: readonly WebhookCoverage[]): readonly Statement[] {
  return [...view.catalog.entities.values()].flatMap((entity) => {
    const events = eventsOfEntity(next, entity.id);
    const isSame = events.join() === eventsOfEntity(view.webhooks, entity.id).join();
    return isSame ? [] : compileOutboxTriggers(view.workspace.id, entity, events);
  });
}
