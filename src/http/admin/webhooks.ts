import { createWebhook } from "../../services/webhooks/create-webhook.ts";
import { deleteWebhook } from "../../services/webhooks/delete-webhook.ts";
import { getWebhook } from "../../services/webhooks/get-webhook.ts";
import { deliverySchema, listDeliveries } from "../../services/webhooks/list-deliveries.ts";
import { listWebhooks } from "../../services/webhooks/list-webhooks.ts";
import { redeliver, redeliverySchema } from "../../services/webhooks/redeliver.ts";
import { rotateSecret } from "../../services/webhooks/rotate-secret.ts";
import { sendRecords, sendRecordsSchema, sentRecordsSchema } from "../../services/webhooks/send-records.ts";
import { sentTestSchema, testWebhook, testWebhookSchema } from "../../services/webhooks/test-webhook.ts";
import { updateWebhook } from "../../services/webhooks/update-webhook.ts";
import {
  createWebhookSchema,
  rotateSecretSchema,
  updateWebhookSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from "../../services/webhooks/webhook.ts";
import { type AppContext, pathParameter, workspaceContext } from "../context.ts";
import { deliverAfterRequest } from "../response/deliver-after.ts";
import { type AdminRoute, accepted, created, none, one, page } from "./admin-route.ts";
import { answerSchema, anyDestination, bodySchema } from "./components.ts";
import { idInPath, WORKSPACE } from "./paths.ts";

const WebhookInput = bodySchema("WebhookInput", createWebhookSchema(anyDestination));
const WebhookPatch = bodySchema("WebhookPatch", updateWebhookSchema(anyDestination));
const WebhookSecretRotation = bodySchema("WebhookSecretRotation", rotateSecretSchema);
const RecordsToSend = bodySchema("RecordsToSend", sendRecordsSchema);
const WebhookTest = bodySchema("WebhookTest", testWebhookSchema);
const Webhook = answerSchema("Webhook", webhookSchema);
const WebhookWithSecret = answerSchema("WebhookWithSecret", webhookWithSecretSchema);
const SentTest = answerSchema("SentTest", sentTestSchema);
const SentRecords = answerSchema("SentRecords", sentRecordsSchema);
const Delivery = answerSchema("Delivery", deliverySchema);
const Redelivery = answerSchema("Redelivery", redeliverySchema);

const WEBHOOKS = `${WORKSPACE}/webhooks`;

export const webhooks: readonly AdminRoute[] = [
  {
    path: WEBHOOKS,
    tag: "Webhooks",
    GET: page({
      id: "listWebhooks",
      summary: "List webhooks",
      role: "VIEWER",
      answer: Webhook,
      handle: (c, request) => listWebhooks(workspaceContext(c), request),
    }),
    POST: created({
      id: "createWebhook",
      summary: "Create a webhook, whose secret is shown once",
      role: "EDITOR",
      body: WebhookInput,
      answer: WebhookWithSecret,
      handle: async (c, { body }) => createWebhook(workspaceContext(c), body()),
    }),
  },
  {
    path: `${WEBHOOKS}/:id`,
    tag: "Webhooks",
    GET: one({
      id: "getWebhook",
      summary: "Get a webhook",
      role: "VIEWER",
      answer: Webhook,
      handle: (c) => getWebhook(workspaceContext(c), idInPath(c)),
    }),
    PATCH: one({
      id: "updateWebhook",
      summary: "Change a webhook",
      role: "EDITOR",
      body: WebhookPatch,
      answer: Webhook,
      handle: async (c, { body }) => updateWebhook(workspaceContext(c), { id: idInPath(c), body: body() }),
    }),
    DELETE: none({
      id: "deleteWebhook",
      summary: "Delete a webhook with its deliveries",
      role: "EDITOR",
      handle: (c) => deleteWebhook(workspaceContext(c), idInPath(c)),
    }),
  },
  {
    path: `${WEBHOOKS}/:id/rotate-secret`,
    tag: "Webhooks",
    POST: one({
      id: "rotateWebhookSecret",
      summary:
        "Create a new secret, which signs from the next attempt; the old one signs too for a grace period",
      role: "EDITOR",
      body: WebhookSecretRotation,
      isBodyOptional: true,
      answer: WebhookWithSecret,
      handle: async (c, { body }) => rotateSecret(workspaceContext(c), { id: idInPath(c), body: body() }),
    }),
  },
  {
    path: `${WEBHOOKS}/:id/test`,
    tag: "Webhooks",
    POST: accepted({
      id: "testWebhook",
      summary: "Send a sample record as a message of the type webhook.test",
      role: "EDITOR",
      body: WebhookTest,
      isBodyOptional: true,
      answer: SentTest,
      handle: async (c, { body }) =>
        deliveredAfter(c, await testWebhook(workspaceContext(c), { id: idInPath(c), body: body() })),
    }),
  },
  {
    path: `${WEBHOOKS}/:id/send`,
    tag: "Webhooks",
    POST: accepted({
      id: "sendRecords",
      summary: "Send chosen records as they are now",
      role: "EDITOR",
      body: RecordsToSend,
      answer: SentRecords,
      handle: async (c, { body }) =>
        deliveredAfter(c, await sendRecords(workspaceContext(c), { id: idInPath(c), body: body() })),
    }),
  },
  {
    path: `${WEBHOOKS}/:id/deliveries`,
    tag: "Webhooks",
    GET: page({
      id: "listDeliveries",
      summary: "List deliveries with their attempts, newest first",
      role: "VIEWER",
      answer: Delivery,
      handle: (c, request) => listDeliveries(workspaceContext(c), { id: idInPath(c), ...request }),
    }),
  },
  {
    path: `${WEBHOOKS}/:id/deliveries/:delivery/redeliver`,
    tag: "Webhooks",
    POST: accepted({
      id: "redeliver",
      summary: "Send a delivery again",
      role: "OPERATOR",
      answer: Redelivery,
      handle: async (c) => {
        const delivery = { id: idInPath(c), deliveryId: pathParameter(c, "delivery") };
        return deliveredAfter(c, await redeliver(workspaceContext(c), delivery));
      },
    }),
  },
];

/** Starts the webhook's deliveries after the response. */
function deliveredAfter<T>(c: AppContext, data: T): T {
  deliverAfterRequest(c, idInPath(c));
  return data;
}
