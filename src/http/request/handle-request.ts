import type { Next } from "hono";
import { settingsOf } from "../../env.ts";
import { currentMillis } from "../../lib/clock.ts";
import { newRequestId } from "../../lib/ids.ts";
import { logRequest } from "../../lib/logger.ts";
import type { Actor } from "../../model/actor.ts";
import { type AppContext, openServices } from "../context.ts";
import { allowOrigin, isForPages } from "../response/allow-origin.ts";
import { learnOfKey } from "./authenticate.ts";
import { clientAddressOf } from "./client-address.ts";
import { requesterOf } from "./requester.ts";

const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** The first and last step of every request: opens its services, then completes and logs its response. */
export async function handleRequest(c: AppContext, next: Next): Promise<void> {
  const start = currentMillis();
  openRequest(c);
  await next();
  const origin = c.req.header("Origin");
  if (origin !== undefined && isForPages(c)) await allowOrigin(c, c.res, origin);
  learnOfKey(c, c.res);
  logResponse(c, start);
}

function openRequest(c: AppContext): void {
  const sent = c.req.header("X-Request-Id");
  const requestId = sent && REQUEST_ID_PATTERN.test(sent) ? sent : newRequestId();
  c.set("requestId", requestId);
  c.set("headers", {
    "X-Request-Id": requestId,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": c.req.path.startsWith("/admin/") ? "no-store" : "private, no-cache",
    ...(isForPages(c) && { Vary: "Origin" }),
  });
  c.set("authMs", 0);
  c.set("route", "/*");
  c.set(
    "services",
    openServices(c.env, requestId, { requester: requesterOf(c), address: () => clientAddressOf(c) }),
  );
}

/** Names the workspace only for callers who may enter it, so strangers cannot write text into the log. */
function logResponse(c: AppContext, start: number): void {
  if (!settingsOf(c.env).logsRequests) return;
  const actor: Actor | undefined = c.get("actor");
  logRequest({
    requestId: c.get("requestId"),
    method: c.req.method,
    route: c.get("route"),
    status: c.res.status,
    durationMs: currentMillis() - start,
    authMs: c.get("authMs"),
    databaseMs: c.get("services").database.waitedMs,
    workspace: actor && workspaceOf(c, actor),
    principal: actor?.kind,
    keyId: actor && "key" in actor ? actor.key.keyId : adminKeyIdOf(c),
    ...(actor && userOf(actor)),
  });
}

function workspaceOf(c: AppContext, actor: Actor): string | undefined {
  if ("key" in actor) return `${actor.key.organization}/${actor.key.workspace}`;
  const { organization, workspace } = c.req.param();
  return workspace === undefined ? organization : `${organization}/${workspace}`;
}

function userOf(actor: Actor) {
  if (actor.kind === "TOKEN") return { subject: actor.token.subject };
  return actor.kind === "USER" ? { issuer: actor.user.issuerName, subject: actor.user.subject } : {};
}

function adminKeyIdOf(c: AppContext): string | undefined {
  const { administrator } = c.get("services");
  return administrator?.kind === "ADMIN_KEY" ? (administrator.id ?? undefined) : undefined;
}
