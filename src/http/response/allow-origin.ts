import { findWorkspaceView, rememberedView } from "../../db/catalog-store.ts";
import { isAllowedOrigin } from "../../model/addresses/origin.ts";
import type { AppContext } from "../context.ts";

/*
 * Cross-origin requests by the WHATWG Fetch standard. Keys travel in a header, never in a cookie, so no credentials are
 * allowed. Every response has the headers, errors included: a browser must be able to read a 401.
 */
const PREFLIGHT_SECONDS = "300";
const ALLOWED_HEADERS =
  "Authorization, Content-Type, Content-Encoding, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Request-Id, " +
  "Mcp-Protocol-Version, Mcp-Method, Mcp-Name, baggage, sentry-trace, traceparent, tracestate";
const EXPOSED_HEADERS =
  "Allow, ETag, Idempotent-Replayed, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, WWW-Authenticate, X-Request-Id";
const ANY = "*";
const NONE: readonly string[] = [];
/** Responses that say nothing about the workspace. Any page may read them. */
const TELLS_NOTHING = new Set([401, 429, 503]);
const SHARED_PATH = /^(?:\/api\/v1|\/mcp)\/([^/]*)(?:\/([^/]*))?/;

/** Whether pages of other origins may be allowed to read the response, so it depends on `Origin`. */
export const isForPages = (c: AppContext): boolean => SHARED_PATH.test(c.req.path);

/** Tells the browser whether the page may read the response. */
export async function allowOrigin(
  c: AppContext,
  { headers, status }: Response,
  origin: string,
): Promise<void> {
  const allowed = (await allowedOriginsOf(c)) ?? (TELLS_NOTHING.has(status) ? ANY : NONE);
  const isAny = allowed === ANY;
  if (!isAny && !isAllowedOrigin(origin, allowed)) return;
  headers.set("Access-Control-Allow-Origin", isAny ? ANY : origin);
  headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS);
  if (c.req.method !== "OPTIONS" || !c.req.header("Access-Control-Request-Method")) return;
  headers.set("Access-Control-Allow-Methods", headers.get("Allow") ?? "");
  headers.set("Access-Control-Allow-Headers", ALLOWED_HEADERS);
  headers.set("Access-Control-Max-Age", PREFLIGHT_SECONDS);
}

type Origins = typeof ANY | readonly string[];

/**
 * The workspace's setting, as the isolate has cached it; any origin if the workspace does not exist. Undefined if it
 * cannot be looked up, because unknown clients may cause only so many lookups.
 */
async function allowedOriginsOf(c: AppContext): Promise<Origins | undefined> {
  const [, organization = "", workspace = ""] = SHARED_PATH.exec(c.req.path) ?? [];
  const address = { organization, workspace };
  try {
    const { platform, rates, clientAddress } = c.get("services");
    const known = rememberedView(address);
    if (!known && !(await rates.takeUnknown(clientAddress()))) return undefined;
    const view = known ?? (await findWorkspaceView(platform, address));
    const origins = view?.workspace.corsAllowedOrigins ?? [];
    return origins.length === 0 ? ANY : origins;
  } catch {
    return undefined;
  }
}
