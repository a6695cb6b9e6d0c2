import { createMiddleware } from "hono/factory";
import { newRequestId } from "../../lib/ids.ts";
import { type AppEnv, openServices } from "../context.ts";

const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** Names the request, opens what it may use, and says in `Server-Timing` (milliseconds) where its time went. */
export const traceRequest = createMiddleware<AppEnv>(async function traceRequest(c, next) {
  const sent = c.req.header("X-Request-Id");
  const requestId = sent && REQUEST_ID_PATTERN.test(sent) ? sent : newRequestId();
  c.set("requestId", requestId);
  c.set("authMs", 0);
  c.set("services", openServices(c.env, requestId));
  await next();
  c.res.headers.set("X-Request-Id", requestId);
  c.res.headers.set("Server-Timing", `auth;dur=${c.var.authMs}, db;dur=${c.var.services.database.waitedMs}`);
});
