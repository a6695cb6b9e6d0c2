import { createMiddleware } from "hono/factory";
import { settingsOf } from "../../env.ts";
import { newRequestId } from "../../lib/ids.ts";
import { type AppContext, type AppEnv, openServices } from "../context.ts";

const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** Names the request, opens what it may use, and says in `Server-Timing` (milliseconds) where its time went. */
export const traceRequest = createMiddleware<AppEnv>(async function traceRequest(c, next) {
  const sent = c.req.header("X-Request-Id");
  const requestId = sent && REQUEST_ID_PATTERN.test(sent) ? sent : newRequestId();
  c.set("requestId", requestId);
  c.set("authMs", 0);
  c.set("services", openServices(c.env, { requestId, clientAddress: clientAddressOf(c) }));
  await next();
  c.res.headers.set("X-Request-Id", requestId);
  const { rate } = c.var.services.meter;
  if (rate) {
    c.res.headers.set("RateLimit-Policy", `"key";q=${rate.limit};w=60`);
    c.res.headers.set("RateLimit", `"key";r=${rate.remaining};t=${rate.resetSeconds}`);
  }
  c.res.headers.set("Server-Timing", `auth;dur=${c.var.authMs}, db;dur=${c.var.services.database.waitedMs}`);
});

/**
 * Where the request comes from: what a proxy of the owner's says, else what plain workerd says of the connection, else
 * Cloudflare's header, which no client can set there.
 */
function clientAddressOf(c: AppContext): string | undefined {
  const { clientAddressHeader } = settingsOf(c.env);
  if (clientAddressHeader !== undefined) return c.req.header(clientAddressHeader);
  const { cf } = c.req.raw;
  if (cf && "clientIp" in cf && typeof cf.clientIp === "string") return cf.clientIp;
  return c.req.header("CF-Connecting-IP");
}
