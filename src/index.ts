import { createApp } from "./app.ts";
import type { Bindings } from "./env.ts";
import { openServices } from "./http/context.ts";
import { newRequestId } from "./lib/ids.ts";
import { removeEndedSecrets } from "./services/api-keys/remove-ended-secrets.ts";
import { forgetOldRequests } from "./services/records/forget-old-requests.ts";
import { deliverDue } from "./services/webhooks/deliver.ts";
import { expireEvents } from "./services/webhooks/expire-events.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    const services = openServices(env, newRequestId());
    const works = await Promise.allSettled([
      removeEndedSecrets(services),
      forgetOldRequests(services),
      expireEvents(services),
      deliverDue(services),
    ]);
    // Each has been given its time: an invocation ends with the first failure.
    const failed = works.find((work) => work.status === "rejected");
    if (failed) throw failed.reason;
  },
} satisfies ExportedHandler<Bindings>;
