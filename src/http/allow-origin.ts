import { findWorkspaceView } from "../db/catalog-store.ts";
import type { AppContext } from "./context.ts";

/*
 * Cross-origin requests by the WHATWG Fetch standard. Keys are sent in a header, never in a cookie, so no credentials are
 * allowed. Every answer carries the headers, errors included: a browser must be able to read a 401.
 */
const PREFLIGHT_SECONDS = "300";
const ALLOWED_HEADERS =
  "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Request-Id, Mcp-Protocol-Version, Mcp-Method, Mcp-Name";
const EXPOSED_HEADERS =
  "Allow, ETag, Idempotent-Replayed, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, WWW-Authenticate, X-Request-Id";
const SHARED_PATH = /^(?:\/api\/v1|\/mcp)\/([^/]*)(?:\/([^/]*))?/;

/** Whether pages of other origins may be allowed to ask this, so that its answers depend on who asks. */
export const isForPages = (c: AppContext): boolean => SHARED_PATH.test(c.req.path);

/** Tells the browser whether the page that asked may read the answer. */
export async function allowOrigin(c: AppContext, { headers }: Response, origin: string): Promise<void> {
  const allowed = await allowedOriginsOf(c);
  const isAny = allowed === null || allowed.length === 0;
  if (!isAny && !allowed.includes(origin)) return;
  headers.set("Access-Control-Allow-Origin", isAny ? "*" : origin);
  headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS);
  if (c.req.method !== "OPTIONS" || !c.req.header("Access-Control-Request-Method")) return;
  headers.set("Access-Control-Allow-Methods", headers.get("Allow") ?? "");
  headers.set("Access-Control-Allow-Headers", ALLOWED_HEADERS);
  headers.set("Access-Control-Max-Age", PREFLIGHT_SECONDS);
}

/** The workspace's setting, as the isolate knows it; null, any origin, where there is no such workspace. */
async function allowedOriginsOf(c: AppContext): Promise<readonly string[] | null> {
  const [, organization = "", workspace = ""] = SHARED_PATH.exec(c.req.path) ?? [];
  try {
    const { platform, rates, clientAddress } = c.get("services");
    if (!(await rates.takeUnknown(clientAddress()))) return null;
    const view = await findWorkspaceView(platform, { organization, workspace });
    return view?.workspace.corsAllowedOrigins ?? null;
  } catch {
    return null;
  }
}
