import { type AdminPath, WORKSPACE } from "./admin-operation.ts";

const WEBHOOKS = `${WORKSPACE}/webhooks`;
const WEBHOOK = `${WEBHOOKS}/{id}`;

export const webhooks: Readonly<Record<string, AdminPath>> = {
  [WEBHOOKS]: {
    tag: "Webhooks",
    operations: {
      get: { id: "listWebhooks", summary: "List webhooks", answer: "Webhook", isPage: true },
      post: {
        id: "createWebhook",
        summary: "Create a webhook, whose secret is shown once",
        body: "WebhookInput",
        answer: "WebhookWithSecret",
        isCreated: true,
      },
    },
  },
  [WEBHOOK]: {
    tag: "Webhooks",
    operations: {
      get: { id: "getWebhook", summary: "Get a webhook", answer: "Webhook" },
      patch: { id: "updateWebhook", summary: "Change a webhook", body: "WebhookPatch", answer: "Webhook" },
      delete: { id: "deleteWebhook", summary: "Delete a webhook with its deliveries" },
    },
  },
  [`${WEBHOOK}/rotate-secret`]: {
    tag: "Webhooks",
    operations: {
      post: {
        id: "rotateWebhookSecret",
        summary: "A new secret, which signs from the next attempt on",
        body: "WebhookSecretRotation",
        isBodyOptional: true,
        answer: "WebhookWithSecret",
      },
    },
  },
  [`${WEBHOOK}/send`]: {
    tag: "Webhooks",
    operations: {
      post: {
        id: "sendRecords",
        summary: "Send chosen records as they are now",
        body: "RecordsToSend",
        answer: "SentRecords",
        isAccepted: true,
      },
    },
  },
  [`${WEBHOOK}/deliveries`]: {
    tag: "Webhooks",
    operations: {
      get: {
        id: "listDeliveries",
        summary: "Deliveries with their attempts, newest first",
        answer: "Delivery",
        isPage: true,
      },
    },
  },
  [`${WEBHOOK}/deliveries/{delivery}/redeliver`]: {
    tag: "Webhooks",
    operations: {
      post: {
        id: "redeliver",
        summary: "A new series of attempts of a delivery",
        answer: "Redelivery",
        isAccepted: true,
      },
    },
  },
};
