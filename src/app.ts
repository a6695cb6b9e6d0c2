import { HonoBase } from "hono/hono-base";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { routeNotFound } from "./errors/failures.ts";
import { answerRequest } from "./http/answer-request.ts";
import type { AppEnv } from "./http/context.ts";
import { mountResources, type Resource } from "./http/resource.ts";
import { adminResources } from "./http/routes/admin.ts";
import { adminDocumentResources } from "./http/routes/admin-document.ts";
import { docsPageResources } from "./http/routes/docs-page.ts";
import { healthResources } from "./http/routes/health.ts";
import { mcpResources } from "./http/routes/mcp.ts";
import { recordResources } from "./http/routes/records.ts";
import { webhookResources } from "./http/routes/webhooks.ts";

/** All that the service has. */
export const resources: readonly Resource[] = [
  ...healthResources,
  ...adminResources,
  ...webhookResources,
  ...adminDocumentResources,
  ...recordResources,
  ...mcpResources,
  ...docsPageResources,
];

export function createApp(): HonoBase<AppEnv> {
  const app = new HonoBase<AppEnv>({ router: new RegExpRouter() });
  mountResources(app, resources);
  app.notFound((c) =>
    answerRequest(c, "/*", async () => {
      throw routeNotFound();
    }),
  );
  return app;
}
