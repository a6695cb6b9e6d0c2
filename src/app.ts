import { Hono } from "hono";
import type { AppEnv } from "./http/context.ts";
import { allowOrigins } from "./http/middleware/allow-origins.ts";
import { traceRequest } from "./http/middleware/trace-request.ts";
import { onError, onNotFound } from "./http/on-error.ts";
import { mountAdmin } from "./http/routes/admin.ts";
import { mountAdminDocument } from "./http/routes/admin-document.ts";
import { mountDocsPage } from "./http/routes/docs-page.ts";
import { mountHealth } from "./http/routes/health.ts";
import { mountMcp } from "./http/routes/mcp.ts";
import { mountRecords } from "./http/routes/records.ts";
import { mountWebhooks } from "./http/routes/webhooks.ts";

/** The service on one screen: every request is traced, every failure leaves through onError. */
export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError(onError);
  app.notFound(onNotFound);
  app.use(traceRequest);
  app.use("/api/v1/*", allowOrigins);
  app.use("/mcp/*", allowOrigins);
  mountHealth(app);
  mountAdmin(app);
  mountWebhooks(app);
  mountAdminDocument(app);
  mountRecords(app);
  mountMcp(app);
  mountDocsPage(app);
  return app;
}
