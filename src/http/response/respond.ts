import { LONG_TEXT } from "../../model/sql-value.ts";
import type { ServiceContext } from "../../services/context.ts";
import type { AppContext } from "../context.ts";

type ResponseHeaders = Readonly<Record<string, string>>;

export interface ResponseHead {
  /** The status; 200 by default. */
  readonly status?: number;
  readonly headers?: ResponseHeaders;
}

/**
 * Makes every response with all of its headers at once: setting one on a Response later takes several times as long.
 */
export function respond(
  c: AppContext,
  body: BodyInit | null,
  { status = 200, headers }: ResponseHead = {},
): Response {
  const services: ServiceContext | undefined = c.get("services");
  return new Response(body, {
    status,
    headers: { ...c.get("headers"), ...(services && measuredHeaders(c, services)), ...headers },
  });
}

export function respondJson(
  c: AppContext,
  value: unknown,
  { status = 200, headers }: ResponseHead = {},
): Response {
  return respond(c, JSON.stringify(value), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

/** As respondJson, for records that were read. */
export function respondPage(
  c: AppContext,
  value: unknown,
  head?: ResponseHead,
): Response | Promise<Response> {
  const isLong = c.get("services").database.readLength > LONG_TEXT;
  return isLong ? respondInTurns(c, value, head) : respondJson(c, value, head);
}

async function respondInTurns(c: AppContext, value: unknown, head?: ResponseHead): Promise<Response> {
  await c.env.WAIT_FOR_TURN?.();
  const response = respondJson(c, value, head);
  await c.env.WAIT_FOR_TURN?.();
  return response;
}

/**
 * The request's times (`Server-Timing`, milliseconds), whether the response came from a cache, and what is left of
 * the caller's rate.
 */
function measuredHeaders(c: AppContext, { database, meter: { rate } }: ServiceContext): ResponseHeaders {
  const isCached = c.get("isCached");
  const cache = isCached === undefined ? "" : `, cache;desc=${isCached ? "hit" : "miss"}`;
  const timing = `auth;dur=${c.get("authMs")}, db;dur=${database.waitedMs}${cache}`;
  if (!rate) return { "Server-Timing": timing };
  return {
    "Server-Timing": timing,
    "RateLimit-Policy": `"key";q=${rate.limit};w=60`,
    RateLimit: `"key";r=${rate.remaining};t=${rate.resetSeconds}`,
  };
}
