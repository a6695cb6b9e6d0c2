import { settingsOf } from "../env.ts";
import { currentMillis } from "../lib/clock.ts";
import { newRequestId } from "../lib/ids.ts";
import { logRequest } from "../lib/logger.ts";
import type { Actor } from "../model/api-key.ts";
import type { ServiceContext } from "../services/context.ts";
import { allowOrigin, isForPages } from "./allow-origin.ts";
import { learnOfKey } from "./authenticate.ts";
import { type AppContext, openServices } from "./context.ts";
import { onError } from "./on-error.ts";

const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * What happens to every request: it is named, given what it may use, answered or told why not, and logged. One function
 * instead of a chain of middlewares, each of which would cost every request.
 */
export async function answerRequest(
  c: AppContext,
  route: string,
  work: () => Promise<Response>,
): Promise<Response> {
  const start = currentMillis();
  let response: Response;
  try {
    openRequest(c);
    response = await work();
  } catch (thrown) {
    response = onError(thrown, c);
  }
  const origin = c.req.header("Origin");
  if (origin !== undefined && isForPages(c)) await allowOrigin(c, response, origin);
  learnOfKey(c, response);
  logAnswer(c, { route, status: response.status, start });
  return response;
}

function openRequest(c: AppContext): void {
  const sent = c.req.header("X-Request-Id");
  const requestId = sent && REQUEST_ID_PATTERN.test(sent) ? sent : newRequestId();
  c.set("requestId", requestId);
  c.set("headers", { "X-Request-Id": requestId, ...(isForPages(c) && { Vary: "Origin" }) });
  c.set("authMs", 0);
  c.set(
    "services",
    openServices(c.env, requestId, () => clientAddressOf(c)),
  );
}

interface Answered {
  readonly route: string;
  readonly status: number;
  readonly start: number;
}

/** The workspace is told only of who may enter it, so that no text of strangers gets into the log. */
function logAnswer(c: AppContext, { route, status, start }: Answered): void {
  const services: ServiceContext | undefined = c.get("services");
  if (!services || !settingsOf(c.env).logsRequests) return;
  const actor: Actor | undefined = c.get("actor");
  logRequest({
    requestId: c.get("requestId"),
    method: c.req.method,
    route,
    status,
    durationMs: currentMillis() - start,
    authMs: c.get("authMs"),
    databaseMs: services.database.waitedMs,
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
