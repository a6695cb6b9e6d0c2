import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { settingsOf } from "../../env.ts";
import { currentMillis } from "../../lib/clock.ts";
import { newRequestId } from "../../lib/ids.ts";
import { logRequest } from "../../lib/logger.ts";
import type { Actor } from "../../model/api-key.ts";
import { type AppContext, type AppEnv, openServices } from "../context.ts";

const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** Names the request, opens what it may use, and says in `Server-Timing` (milliseconds) and the log where its time went. */
export const traceRequest = createMiddleware<AppEnv>(async function traceRequest(c, next) {
  const start = currentMillis();
  const sent = c.req.header("X-Request-Id");
  const requestId = sent && REQUEST_ID_PATTERN.test(sent) ? sent : newRequestId();
  c.set("requestId", requestId);
  c.set("authMs", 0);
  c.set(
    "services",
    openServices(c.env, requestId, () => clientAddressOf(c)),
  );
  c.header("X-Request-Id", requestId);
  await next();
  const { rate } = c.get("services").meter;
  if (rate) {
    c.res.headers.set("RateLimit-Policy", `"key";q=${rate.limit};w=60`);
    c.res.headers.set("RateLimit", `"key";r=${rate.remaining};t=${rate.resetSeconds}`);
  }
  c.res.headers.set(
    "Server-Timing",
    `auth;dur=${c.get("authMs")}, db;dur=${c.get("services").database.waitedMs}`,
  );
  if (settingsOf(c.env).logsRequests) logAnswer(c, start);
});

/** The workspace is told only of who may enter it, so that no text of strangers gets into the log. */
function logAnswer(c: AppContext, start: number): void {
  const actor: Actor | undefined = c.get("actor");
  logRequest({
    requestId: c.get("requestId"),
    method: c.req.method,
    route: routePath(c, -1),
    status: c.res.status,
    durationMs: currentMillis() - start,
    authMs: c.get("authMs"),
    databaseMs: c.get("services").database.waitedMs,
    workspace: actor && workspaceOf(c, actor),
    keyId: actor?.kind === "KEY" ? actor.key.keyId : undefined,
  });
}

function workspaceOf(c: AppContext, actor: Actor): string | undefined {
  if (actor.kind === "KEY") return `${actor.key.organization}/${actor.key.workspace}`;
  const { organization, workspace } = c.req.param();
  return workspace === undefined ? organization : `${organization}/${workspace}`;
}

/**
 * Where the request comes from: what a proxy of the owner's says, else what plain workerd says of the connection, else
 * Cloudflare's header, which no client can set there.
 */
function clientAddressOf(c: AppContext): string | undefined {
  const { clientAddressHeader } = settingsOf(c.env);
  if (clientAddressHeader !== undefined) return c.req.header(clientAddressHeader);
  const { cf } = c.req.raw;
  if (cf && "clientIp" in cf && typeof cf.clientIp === "string") return withoutPort(cf.clientIp);
  return c.req.header("CF-Connecting-IP");
}

/** `127.0.0.1:40318` → `127.0.0.1`, `[::1]:40318` → `::1`. */
const withoutPort = (endpoint: string) => endpoint.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
