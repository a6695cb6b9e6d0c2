import "../../tools/serve/node-globals.ts";
import { inject } from "vitest";
import { openHttpDatabase } from "../../src/libsql/open-http-database.ts";
import { KvTable } from "../../tools/serve/kv-table.ts";

/* Replaces `cloudflare:workers` when the API suite runs against `npm run serve`. */

const database = openHttpDatabase({
  url: inject("libsqlUrl"),
  authToken: inject("libsqlToken"),
  requestId: "test",
});

const kv = new KvTable({
  stepsFor: () => async (steps) => {
    const [{ sql, args } = { sql: "", args: [] }] = steps;
    return [{ status: "DONE", rows: await database.run({ sql, args }), affected: 0 }];
  },
});

export const env = {
  API_KEYS: kv,
  LIBSQL_URL: inject("libsqlUrl"),
  LIBSQL_AUTH_TOKEN: inject("libsqlToken"),
  ADMIN_TOKEN: "test-admin-token-of-32-characters",
  TOKEN_SECRET_KEY: "test-token-secret-key-of-the-tests",
  WEBHOOK_SECRET_KEY: "test-webhook-secret-key-of-the-tests",
  WEBHOOK_RECEIVER_URL: inject("webhookReceiverUrl"),
  TEST_ISSUER_URL: inject("issuerUrl"),
  COUNTS_URL: inject("countsUrl"),
  ALLOW_HTTP_WEBHOOKS: "true",
  ALLOW_PRIVATE_WEBHOOKS: "true",
  LOG_REQUESTS: "false",
};

/** Headers that belong to one way of sending a response. */
const OF_THE_CONNECTION = ["connection", "keep-alive", "content-encoding", "content-length", "date"];
const ORIGIN = "https://edge.test";

/** Sends a request to the server. Responses contain the address of the Worker under test. */
async function send(input: string | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(input, { duplex: "half", ...init } as RequestInit);
  const served = (url: string) =>
    url.startsWith(ORIGIN) ? inject("servedUrl") + url.slice(ORIGIN.length) : url;
  if (request.headers.get("Origin") === ORIGIN) request.headers.set("Origin", served(ORIGIN));
  const url = served(request.url);
  const hasBody = request.body !== null;
  const response = await fetch(url, {
    method: request.method,
    headers: request.headers,
    redirect: "manual",
    ...(hasBody && { body: await request.arrayBuffer() }),
  });
  const headers = new Headers(response.headers);
  for (const name of OF_THE_CONNECTION) headers.delete(name);
  return new Response(response.body, { status: response.status, headers });
}

export const exports = { default: { fetch: send } };
