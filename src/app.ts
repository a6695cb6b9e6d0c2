import { HonoBase } from "hono/hono-base";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { routeNotFound } from "./errors/api-errors.ts";
import { adminRoutes } from "./http/admin/routes.ts";
import type { AppEnv } from "./http/context.ts";
import { docsRoutes } from "./http/docs/docs-page.ts";
import { healthRoutes } from "./http/health.ts";
import { mcpRoutes } from "./http/mcp/mcp-routes.ts";
import { mountRoutes } from "./http/mount-routes.ts";
import { recordRoutes } from "./http/records/record-routes.ts";
import { authenticateCaller } from "./http/request/authenticate.ts";
import { authenticateAdmin } from "./http/request/authenticate-admin.ts";
import { handleRequest } from "./http/request/handle-request.ts";
import { onError } from "./http/response/on-error.ts";
import { below, type Route } from "./http/route.ts";

/** All paths of the service, and the guard of each group. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...docsRoutes,
  ...below("/admin/v1", authenticateAdmin, adminRoutes),
  ...below("/api/v1/:organization/:workspace", authenticateCaller, recordRoutes),
  ...below("/mcp/:organization/:workspace", authenticateCaller, mcpRoutes),
];

export function createApp(): HonoBase<AppEnv> {
  const app = new HonoBase<AppEnv>({ router: new RegExpRouter() });
  app.use(handleRequest);
  mountRoutes(app, routes);
  app.notFound((c) => onError(routeNotFound(), c));
  app.onError(onError);
  return app;
}
