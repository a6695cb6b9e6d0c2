import { createApp } from "./app.ts";
import { type Bindings, settingsOf } from "./env.ts";
import { toAppError } from "./errors/to-app-error.ts";
import { forgetOldRequests } from "./fence/replay.ts";
import { openServices } from "./http/context.ts";
import { newRequestId } from "./lib/ids.ts";
import { logFailure } from "./lib/logger.ts";
import { removeEndedSecrets } from "./services/api-keys/remove-ended-secrets.ts";
import type { ServiceContext } from "./services/context.ts";
import { applyBudgets } from "./services/health/apply-budgets.ts";
import { forgetRevocations } from "./services/tokens/forget-revocations.ts";
import { deliverDue } from "./services/webhooks/deliver.ts";
import { expireEvents } from "./services/webhooks/expire-events.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    const services = openServices(env, newRequestId());
    const { budgets } = settingsOf(env);
    const works = Object.entries({
      applyBudgets: ({ platform }: ServiceContext) => applyBudgets(platform, budgets),
      removeEndedSecrets,
      forgetOldRequests,
      forgetRevocations,
      expireEvents,
      deliverDue,
    });
    const outcomes = await Promise.allSettled(works.map(([, work]) => work(services)));
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === "rejected")
        logFailure(services.requestId, toAppError(outcome.reason), works[i]?.[0]);
    }
    // All tasks have finished. An invocation fails with one error only, so the first is thrown.
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  },
} satisfies ExportedHandler<Bindings>;
