import type { IncomingHttpHeaders } from "node:http";
import { httpError } from "../hrana/errors.ts";

const LOOPBACK = /^(localhost|[^:]+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;
const JSON_TYPE = /^application\/json\s*(;|$)/i;

export const isLoopback = (host: string): boolean => LOOPBACK.test(host.includes("::") ? `[${host}]` : host);

/**
 * Refuses what a web page could send to a server on this machine: a name of its own that points here (DNS rebinding), and
 * a body of a type that browsers send to another origin without asking first. Throws HttpError.
 */
export function refuseForeignPages(headers: IncomingHttpHeaders, method: string | undefined): void {
  if (!LOOPBACK.test(headers.host ?? "")) {
    throw httpError(400, `Invalid host header: \`${headers.host ?? ""}\``);
  }
  if (method !== "POST") return;
  const type = headers["content-type"];
  const isJson = type === undefined ? headers.origin === undefined : JSON_TYPE.test(type);
  if (!isJson) throw httpError(415, "The content type must be application/json");
}
