/** What is told of a request. Nothing in it was chosen by a client without a key, but for its id. */
export interface RequestLine {
  readonly requestId: string;
  readonly method: string;
  /** The pattern of its route; `/*`: there is none. */
  readonly route: string;
  readonly status: number;
  /** Milliseconds until the head of the answer; what is streamed comes after it. */
  readonly durationMs: number;
  /** Of which authentication took. */
  readonly authMs: number;
  /** Of which the database was waited for. */
  readonly databaseMs: number;
  /** `organization/workspace`. */
  readonly workspace: string | undefined;
  readonly keyId: string | undefined;
}

/** One JSON line for a request. */
export function logRequest(line: RequestLine): void {
  console.log(JSON.stringify({ level: "info", ...line }));
}

/**
 * One JSON line for a failure that is ours, with its private cause, and with the work that nobody has requested. Never a
 * key, a body or a query value.
 */
export function logFailure(requestId: string, error: Error & { readonly code: string }, work?: string): void {
  const { cause } = error;
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? "");
  console.error(JSON.stringify({ level: "error", requestId, work, code: error.code, reason }));
}

/** One JSON line for something that the operator should know of, although the request succeeded. */
export function logWarning(message: string, cause: unknown): void {
  const reason = cause instanceof Error ? cause.message : String(cause);
  console.warn(JSON.stringify({ level: "warn", message, reason }));
}
