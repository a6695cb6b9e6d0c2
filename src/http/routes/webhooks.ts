import { createWebhook } from "../../services/webhooks/create-webhook.ts";
import { deleteWebhook } from "../../services/webhooks/delete-webhook.ts";
import { getWebhook } from "../../services/webhooks/get-webhook.ts";
import { listDeliveries } from "../../services/webhooks/list-deliveries.ts";
import { listWebhooks } from "../../services/webhooks/list-webhooks.ts";
import { redeliver } from "../../services/webhooks/redeliver.ts";
import { rotateSecret } from "../../services/webhooks/rotate-secret.ts";
import { sendRecords } from "../../services/webhooks/send-records.ts";
import { updateWebhook } from "../../services/webhooks/update-webhook.ts";
import { authenticateAdmin } from "../authenticate.ts";
import { type AppContext, pathParameter, workspaceContext } from "../context.ts";
import { deliverAfterRequest } from "../deliver-after.ts";
import { onlyParameters } from "../query-parameters.ts";
import { readOptionalJsonObject } from "../read-body.ts";
import { type Handler, type Handlers, resourcesOf } from "../resource.ts";
import { respondJson } from "../respond.ts";
import { bodyOf, created, idOf, none, one, page, WORKSPACE } from "./admin.ts";

const WEBHOOKS = `${WORKSPACE}/webhooks`;

const webhooks: Handlers = {
  GET: page((c, request) => listWebhooks(workspaceContext(c), request)),
  POST: created(async (c) => createWebhook(workspaceContext(c), await bodyOf(c))),
};

const webhook: Handlers = {
  GET: one((c) => getWebhook(workspaceContext(c), idOf(c))),
  PATCH: one(async (c) => updateWebhook(workspaceContext(c), { id: idOf(c), body: await bodyOf(c) })),
  DELETE: none([], (c) => deleteWebhook(workspaceContext(c), idOf(c))),
};

const secretRotation: Handlers = {
  POST: one(async (c) => {
    const body = (await readOptionalJsonObject(c))();
    return rotateSecret(workspaceContext(c), { id: idOf(c), body });
  }),
};

const sending: Handlers = {
  POST: accepted(async (c) => sendRecords(workspaceContext(c), { id: idOf(c), body: await bodyOf(c) })),
};

const deliveries: Handlers = {
  GET: page((c, request) => listDeliveries(workspaceContext(c), { id: idOf(c), ...request })),
};

const redelivery: Handlers = {
  POST: accepted((c) => {
    return redeliver(workspaceContext(c), { id: idOf(c), deliveryId: pathParameter(c, "delivery") });
  }),
};

export const webhookResources = resourcesOf(authenticateAdmin, "/admin/v1", {
  [WEBHOOKS]: webhooks,
  [`${WEBHOOKS}/:id`]: webhook,
  [`${WEBHOOKS}/:id/rotate-secret`]: secretRotation,
  [`${WEBHOOKS}/:id/send`]: sending,
  [`${WEBHOOKS}/:id/deliveries`]: deliveries,
  [`${WEBHOOKS}/:id/deliveries/:delivery/redeliver`]: redelivery,
});

/** What the webhook is to deliver, which begins when the response is on its way. */
function accepted(work: (c: AppContext) => Promise<unknown>): Handler {
  return async (c) => {
    onlyParameters(c, []);
    const data = await work(c);
    deliverAfterRequest(c, idOf(c));
    return respondJson(c, { data }, { status: 202 });
  };
}
