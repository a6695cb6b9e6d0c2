import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "../../runtime/operator-error.ts";
import { ExitCode } from "../exit-codes.ts";
import { readError } from "./api-error.ts";
import { probeServer } from "./probe-server.ts";

const TIMEOUT_MS = 120_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** The longest Retry-After that is obeyed. */
const LONGEST_ASKED_MS = 120_000;
/** A wait of this length is reported with its reason. */
const SAID_MS = 1_000;
const BUSY = new Set([429, 502, 503, 504]);
const RATE_LIMITED = 429;
/** How long to wait for a deployment that has never responded before reporting it. */
const FIRST_ANSWER_MS = 1_800;

export interface ApiRequest {
  readonly method: string;
  /** Includes the query. */
  readonly path: string;
  readonly body?: string;
  /** Makes a write repeatable. Reads always are. */
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
}

export interface ApiClient {
  /**
   * Returns a successful response with its body unread. Repeatable requests are sent again after a network error, 429,
   * 502, 503 and 504, after growing pauses and never before Retry-After. Throws ApiError, or OperatorError without a
   * response.
   */
  open(request: ApiRequest): Promise<Response>;
  /** As `open`, and reads the body within the same attempts. */
  send(request: ApiRequest): Promise<{ readonly response: Response; readonly text: string }>;
}

export interface ApiClientOptions {
  readonly url: string;
  readonly bearer: string;
  /** How often a request may be repeated. */
  readonly retries: number;
}

/** A client of one deployment, with the key or the admin token. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const connection: Connection = { ...options, hasAnswered: false };
  return {
    open: (request) => attempt(connection, request, { read: async (response) => response }),
    send: (request) =>
      attempt(connection, request, {
        timeoutMs: TIMEOUT_MS,
        read: async (response) => ({ response, text: await response.text() }),
      }),
  };
}

interface Connection extends ApiClientOptions {
  /** Whether the deployment has ever responded. If not, the client gives up early. */
  hasAnswered: boolean;
}

interface Reading<T> {
  /** Limits one attempt with its body; absent for downloads of any length. */
  readonly timeoutMs?: number;
  read(response: Response): Promise<T>;
}

async function attempt<T>(connection: Connection, request: ApiRequest, reading: Reading<T>): Promise<T> {
  const isRepeatable = request.method === "GET" || request.idempotencyKey !== undefined;
  const most = isRepeatable ? connection.retries : 0;
  const start = performance.now();
  for (let repeated = 0; ; repeated++) {
    const outcome = await sendOnce(connection, request, reading);
    if ("value" in outcome) return outcome.value;
    const waitMs = Math.max(outcome.askedMs, pauseMs(repeated));
    const isTooLate = !connection.hasAnswered && performance.now() - start + waitMs > FIRST_ANSWER_MS;
    if (!outcome.isPassing || repeated >= most || isTooLate) throw outcome.error;
    if (waitMs >= SAID_MS) console.error(`${outcome.error.message} (waiting ${Math.round(waitMs / 1000)} s)`);
    await sleep(waitMs);
  }
}

type Outcome<T> =
  | { readonly value: T }
  | { readonly error: OperatorError; readonly isPassing: boolean; readonly askedMs: number };

async function sendOnce<T>(
  connection: Connection,
  { method, path, body, idempotencyKey, ifMatch }: ApiRequest,
  { timeoutMs, read }: Reading<T>,
): Promise<Outcome<T>> {
  const { url, bearer } = connection;
  const silence = setTimeout(noteSilence, FIRST_ANSWER_MS, connection).unref();
  try {
    if (!connection.hasAnswered && !process.env.NODE_USE_ENV_PROXY) await probeServer(url);
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
        ...(ifMatch !== undefined && { "if-match": ifMatch }),
      },
      ...(body !== undefined && { body }),
      ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
    });
    connection.hasAnswered = true;
    clearTimeout(silence);
    if (response.ok) return { value: await read(response) };
    return refused(url, response, await response.text());
  } catch (error) {
    const unreachable = new OperatorError(`Cannot reach ${url}${reasonOf(error)}`, ExitCode.UNREACHABLE);
    return { error: unreachable, isPassing: true, askedMs: 0 };
  } finally {
    clearTimeout(silence);
  }
}

function noteSilence({ url, hasAnswered }: Connection): void {
  if (!hasAnswered) console.error(`No response from ${url} yet; still waiting.`);
}

function refused(url: string, { status, headers }: Response, text: string): Outcome<never> {
  const answered = readError(status, text);
  if (!BUSY.has(status)) return { error: answered, isPassing: false, askedMs: 0 };
  const unavailable = new OperatorError(`${url} is not available: ${answered.message}`, ExitCode.UNREACHABLE);
  const error = status === RATE_LIMITED ? answered : unavailable;
  return { error, isPassing: true, askedMs: retryAfterMs(headers.get("Retry-After")) };
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function retryAfterMs(text: string | null): number {
  if (text === null) return 0;
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(asked) ? 0 : Math.min(LONGEST_ASKED_MS, Math.max(0, asked));
}

/** Doubles with each attempt. A random part spreads clients that were refused together. */
function pauseMs(repeated: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** repeated);
  return longest * (0.5 + Math.random() / 2);
}

function reasonOf(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  if (root instanceof Error && "code" in root && root.code === "ECONNREFUSED")
    return " — is the server running?";
  return `: ${root instanceof Error ? root.message || root.name : String(root)}`;
}
