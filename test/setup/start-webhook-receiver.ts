import type { TestProject } from "vitest/node";
import { startReceiver } from "../support/processes/webhook-receiver.ts";

/** One receiver of webhooks for the whole run; every test makes its own mailboxes in it. */
export default async function startWebhookReceiver(project: TestProject): Promise<() => Promise<void>> {
  const receiver = await startReceiver();
  project.provide("webhookReceiverUrl", receiver.url);
  return receiver.close;
}

declare module "vitest" {
  interface ProvidedContext {
    webhookReceiverUrl: string;
  }
}
