import type { Hono } from "hono";
import { createWebhook } from "../../services/webhooks/create-webhook.ts";
import { deleteWebhook } from "../../services/webhooks/delete-webhook.ts";
import { getWebhook } from "../../services/webhooks/get-webhook.ts";
import { listDeliveries } from "../../services/webhooks/list-deliveries.ts";
import { listWebhooks } from "../../services/webhooks/list-webhooks.ts";
import { redeliver } from "../../services/webhooks/redeliver.ts";
import { rotateSecret } from "../../services/webhooks/rotate-secret.ts";
import { sendRecords } from "../../services/webhooks/send-records.ts";
import { updateWebhook } from "../../services/webhooks/update-webhook.ts";
import { type AppContext, type AppEnv, pathParameter, workspaceContext } from "../context.ts";
import { deliverAfterRequest } from "../deliver-after.ts";
import { authenticateAdmin } from "../middleware/authenticate.ts";
import { onlyParameters } from "../query-parameters.ts";
import { readOptionalJsonObject } from "../read-body.ts";
import { type Handler, type Handlers, mountResource } from "../resource.ts";
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

const resources: Readonly<Record<string, Handlers>> = {
  [WEBHOOKS]: webhooks,
  [`${WEBHOOKS}/:id`]: webhook,
  [`${WEBHOOKS}/:id/rotate-secret`]: secretRotation,
  [`${WEBHOOKS}/:id/send`]: sending,
  [`${WEBHOOKS}/:id/deliveries`]: deliveries,
  [`${WEBHOOKS}/:id/deliveries/:delivery/redeliver`]: redelivery,
};

export function mountWebhooks(app: Hono<AppEnv>): void {
  for (const [path, handlers] of Object.entries(resources)) {
    mountResource(app, { path: `/admin/v1${path}`, guard: authenticateAdmin, handlers });
  }
}

/** What the webhook is to deliver, which begins when the response is on its way. */
function accepted(work: (c: AppContext) => Promise<unknown>): Handler {
  return async (c) => {
    onlyParameters(c, []);
    const data = await work(c);
    deliverAfterRequest(c, idOf(c));
    return c.json({ data }, 202);
  };
}
