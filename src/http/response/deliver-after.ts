import { newRequestId } from "../../lib/ids.ts";
import { deliverAfterWrite, deliverFor } from "../../services/webhooks/deliver.ts";
import { type AppContext, openServices, pathParameter } from "../context.ts";

/** Delivers a write's events to webhooks after the response, in round trips of their own. */
export function deliverAfter(c: AppContext, entity?: string): void {
  const address = {
    organization: pathParameter(c, "organization"),
    workspace: pathParameter(c, "workspace"),
  };
  const delivering = deliverAfterWrite({ address, entity }, () => openServices(c.env, newRequestId()));
  if (delivering) c.executionCtx.waitUntil(delivering);
}

/** The same as deliverAfter, for deliveries that an administrator requested. */
export function deliverAfterRequest(c: AppContext, webhookId: string): void {
  c.executionCtx.waitUntil(deliverFor(openServices(c.env, newRequestId()), webhookId));
}
