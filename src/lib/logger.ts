/** One JSON line for a failure that is ours, with its private cause. Never a key, a body or a query value. */
export function logFailure(requestId: string, error: Error & { readonly code: string }): void {
  const { cause } = error;
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? "");
  console.error(JSON.stringify({ level: "error", requestId, code: error.code, reason }));
}

/** One JSON line for something that the operator should know of, although the request succeeded. */
export function logWarning(message: string, cause: unknown): void {
  const reason = cause instanceof Error ? cause.message : String(cause);
  console.warn(JSON.stringify({ level: "warn", message, reason }));
}
