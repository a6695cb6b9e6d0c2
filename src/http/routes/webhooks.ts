import type { Hono } from "hono";
import { createWebhook } from "../../services/webhooks/create-webhook.ts";
import { deleteWebhook } from "../../services/webhooks/delete-webhook.ts";
import { getWebhook } from "../../services/webhooks/get-webhook.ts";
import { listWebhooks } from "../../services/webhooks/list-webhooks.ts";
import { rotateSecret } from "../../services/webhooks/rotate-secret.ts";
import { updateWebhook } from "../../services/webhooks/update-webhook.ts";
import { type AppEnv, workspaceContext } from "../context.ts";
import { authenticateAdmin } from "../middleware/authenticate.ts";
import { readOptionalJsonObject } from "../read-body.ts";
import { type Handlers, mountResource } from "../resource.ts";
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

const resources: Readonly<Record<string, Handlers>> = {
  [WEBHOOKS]: webhooks,
  [`${WEBHOOKS}/:id`]: webhook,
  [`${WEBHOOKS}/:id/rotate-secret`]: secretRotation,
};

export function mountWebhooks(app: Hono<AppEnv>): void {
  for (const [path, handlers] of Object.entries(resources)) {
    mountResource(app, { path: `/admin/v1${path}`, guard: authenticateAdmin, handlers });
  }
}
