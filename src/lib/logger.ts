/** A log line of a request. A client without a key can choose only the request id in it. */
export interface RequestLine {
  readonly requestId: string;
  readonly method: string;
  /** The pattern of its route; `/*` if none matched. */
  readonly route: string;
  readonly status: number;
  /** Milliseconds until the response headers; streaming comes after them. */
  readonly durationMs: number;
  /** The part of it spent on authentication. */
  readonly authMs: number;
  /** The part of it spent waiting for the database. */
  readonly databaseMs: number;
  /** `organization/workspace`. */
  readonly workspace: string | undefined;
  /** The kind of the accepted credential. */
  readonly principal: string | undefined;
  readonly keyId: string | undefined;
  /** The workspace's name for the issuer of a user. */
  readonly issuer?: string;
  readonly subject?: string;
}

/** Writes one JSON line for a request. */
export function logRequest(line: RequestLine): void {
  console.log(JSON.stringify({ level: "info", ...line }));
}

/**
 * Writes one JSON line for a server-side failure, with its private cause and, for background work, its name. Never a
 * key, a body or a query value.
 */
export function logFailure(requestId: string, error: Error & { readonly code: string }, work?: string): void {
  const { cause } = error;
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? "");
  console.error(JSON.stringify({ level: "error", requestId, work, code: error.code, reason }));
}

/** Writes one JSON line for something that the operator should know, although the request succeeded. */
export function logWarning(message: string, cause: unknown): void {
  const reason = cause instanceof Error ? cause.message : String(cause);
  console.warn(JSON.stringify({ level: "warn", message, reason }));
}
