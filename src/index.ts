import { createApp } from "./app.ts";
import type { Bindings } from "./env.ts";
import { openServices } from "./http/context.ts";
import { newRequestId } from "./lib/ids.ts";
import { removeEndedSecrets } from "./services/api-keys/remove-ended-secrets.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    await removeEndedSecrets(openServices(env, newRequestId()));
  },
} satisfies ExportedHandler<Bindings>;
