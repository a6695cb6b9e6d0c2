import { newRequestId } from "../../lib/ids.ts";
import { deliverAfterWrite, deliverFor } from "../../services/webhooks/deliver.ts";
import { type AppContext, openServices, pathParameter } from "../context.ts";

/** Lets webhooks hear of a write once its response is on the way; in round trips that are not the request's. */
export function deliverAfter(c: AppContext, entity?: string): void {
  const address = {
    organization: pathParameter(c, "organization"),
    workspace: pathParameter(c, "workspace"),
  };
  const delivering = deliverAfterWrite({ address, entity }, () => openServices(c.env, newRequestId()));
  if (delivering) c.executionCtx.waitUntil(delivering);
}

/** As deliverAfter, for what an admin has asked one webhook to deliver. */
export function deliverAfterRequest(c: AppContext, webhookId: string): void {
  c.executionCtx.waitUntil(deliverFor(openServices(c.env, newRequestId()), webhookId));
}
