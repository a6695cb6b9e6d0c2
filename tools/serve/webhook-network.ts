import { lookup as lookUp } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { isPublicAddress } from "../../src/webhooks/destination-policy.ts";

const MAX_RESPONSE_BYTES = 64 * 1024;

class PrivateAddressError extends Error {
  constructor(hostname: string) {
    super(`${hostname} resolves to a private, local or reserved address`);
  }
}

/** Looks a name up and gives on only what may be connected to: the address that is judged is the one that is used. */
const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    const allowed = error ? [] : addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (!first) return callback(error ?? new PrivateAddressError(hostname), options.all ? [] : "", 0);
    if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

export interface WebhookNetwork {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/**
 * The network that webhooks are sent to. Follows no redirects and keeps no connections. `allowsPrivate`: addresses of this
 * machine and its networks may be reached as well.
 */
export function openWebhookNetwork(allowsPrivate: boolean): WebhookNetwork {
  return {
    fetch: (url, { method = "GET", headers, body, signal }) =>
      new Promise((resolve, reject) => {
        const target = new URL(url);
        const host = target.hostname.replace(/^\[(.*)\]$/, "$1");
        /* No look-up is made for an address. */
        if (!allowsPrivate && isAddress(host) && !isPublicAddress(host))
          throw new PrivateAddressError(target.hostname);
        const send = target.protocol === "https:" ? requestHttps : requestHttp;
        const options = {
          method,
          headers: Object.fromEntries(new Headers(headers)),
          agent: false as const,
          ...(signal && { signal }),
          ...(!allowsPrivate && { lookup: lookUpPublic }),
        };
        const sent = send(target, options, (answer) => resolve(toResponse(answer)));
        sent.once("error", (error) => reject(signal?.aborted ? signal.reason : error));
        sent.end(body);
      }),
  };
}

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(":");

function toResponse(answer: IncomingMessage): Response {
  const body = Readable.toWeb(answer, { strategy: { highWaterMark: MAX_RESPONSE_BYTES } });
  const status = answer.statusCode ?? 0;
  const isEmpty = status === 204 || status === 205 || status === 304;
  if (isEmpty) answer.resume();
  return new Response(isEmpty ? null : (body as ReadableStream), { status });
}
