import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import { within } from "../../src/lib/clock.ts";
import { ADMIN_TOKEN, checkResponse, noteRequest } from "./check-response.ts";

export { ADMIN_TOKEN };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined if there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of any shape
  readonly body: any;
}

export interface Asking {
  readonly token?: string | undefined;
  /** Sent as JSON; a string or bytes are sent as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * More than any request takes, including the first of a file with all its imports. A test reports which request hangs.
 */
const MOST_MS = 50_000;

/** Sends one request to the Worker under test, and compares the response with the API's own document. */
export async function ask(
  method: string,
  path: string,
  { token, body, headers }: Asking = {},
): Promise<Answer> {
  const sent = noteRequest(method, path, token);
  const asked = exports.default.fetch(`https://edge.test${path}`, {
    method,
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: encoded(body) }),
  });
  const response = await within(MOST_MS, asked).catch((cause) => {
    throw new Error(`${method} ${path}`, { cause });
  });
  const text = new TextDecoder().decode(await response.arrayBuffer());
  await checkResponse(sent, { status: response.status, headers: response.headers, text });
  const isJson = /[/+]json\b/.test(response.headers.get("Content-Type") ?? "") && text !== "";
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

const encoded = (body: unknown) =>
  typeof body === "string" || body instanceof ArrayBuffer ? body : JSON.stringify(body);

export const askAdmin = (method: string, path: string, asking: Asking = {}) =>
  ask(method, `/admin/v1${path}`, { token: ADMIN_TOKEN, ...asking });

/** The database round trips of the request with this `X-Request-Id`. */
export async function roundTripsOf(requestId: string): Promise<number> {
  const response = await fetch(`${env.COUNTS_URL ?? env.LIBSQL_URL}/_stats/requests?id=${requestId}`, {
    headers: { authorization: `Bearer ${env.LIBSQL_AUTH_TOKEN}` },
  });
  const { count } = (await response.json()) as { count: number };
  return count;
}

/** A response with its number of database round trips. */
export async function askCounted(method: string, path: string, asking: Asking = {}) {
  const requestId = crypto.randomUUID();
  const answer = await ask(method, path, {
    ...asking,
    headers: { ...asking.headers, "X-Request-Id": requestId },
  });
  return { answer, roundTrips: await roundTripsOf(requestId) };
}

/** Checks the whole contract of a failed request: status, code, message, and nothing else. */
export function expectFailure(
  answer: Answer,
  status: number,
  error: { code: string; message: string; details?: unknown },
) {
  expect({ status: answer.status, body: answer.body }).toEqual({ status, body: { error } });
}

export function expectStatus(answer: Answer, status: number): Answer {
  expect(answer.status, answer.text).toBe(status);
  return answer;
}
