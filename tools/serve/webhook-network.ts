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
        const sent = send(target, options, (answer) => resolve(Promise.try(toResponse, answer)));
        sent.once("error", (error) => reject(signal?.aborted ? signal.reason : error));
        /* An upgrade, for instance, ends without a response and without an error. */
        sent.once("close", () => reject(new Error("the connection ended without a response")));
        sent.end(body);
      }),
  };
}

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(":");

/** Throws RangeError for a status that no response can have. */
function toResponse(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 599) {
    answer.destroy();
    throw new RangeError(`no response has the status ${status}`);
  }
  const headers = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  if (status === 204 || status === 205 || status === 304) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  const body = Readable.toWeb(answer, { strategy: { highWaterMark: MAX_RESPONSE_BYTES } });
  return new Response(body as ReadableStream, { status, headers });
}
