export interface Endpoint {
  /** The server's `http(s)://…` address. */
  readonly url: string;
  readonly authToken: string | undefined;
  /** Sent as `X-Request-Id`, so that the database's log can be joined with ours. */
  readonly requestId: string;
  /** Cancels the request. Without it, a request whose client has gone would keep its connection open in Node. */
  readonly signal?: AbortSignal | undefined;
}

/** The server refused the whole pipeline. Its text stays private: it may contain the baton. */
export class PipelineError extends Error {
  /**
   * `STREAM_GONE`: the baton's stream does not exist. `NO_CONNECTION`: no connection was free. Nothing ran in either
   * case.
   */
  readonly reason: "STREAM_GONE" | "NO_CONNECTION" | "OTHER";

  constructor(status: number, reason: PipelineError["reason"]) {
    super(`libSQL returned ${status}`);
    this.reason = reason;
  }
}

/** Returns the text of the response. Throws PipelineError, or another error if the server cannot be reached. */
export async function postPipeline(
  { url, authToken, requestId, signal }: Endpoint,
  body: string,
): Promise<string> {
  const headers: Record<string, string> = { "content-type": "application/json", "x-request-id": requestId };
  if (authToken) headers.authorization = `Bearer ${authToken}`;
  const response = await fetch(`${url}/v3/pipeline`, {
    method: "POST",
    headers,
    body,
    ...(signal && { signal }),
  });
  const text = await response.text();
  /* Referenced after its text was read, because Node cannot cancel the body of a garbage-collected response. */
  if (response.ok) return text;
  throw new PipelineError(response.status, reasonOf(response.status, text));
}

const GONE_STREAMS = new Set([
  "The stream has expired due to inactivity",
  "Received an invalid baton",
  "Received a baton that has already been used",
  "Stream for this baton was closed",
]);
const NO_CONNECTION = "Timed out while opening database connection";

/** Statuses and texts of `sqld` (libsql-server/src/hrana/mod.rs and error.rs). */
function reasonOf(status: number, text: string): PipelineError["reason"] {
  const { message, code } = errorIn(text);
  if (status === 400 && (code === "STREAM_EXPIRED" || GONE_STREAMS.has(message))) return "STREAM_GONE";
  return status === 429 && message === NO_CONNECTION ? "NO_CONNECTION" : "OTHER";
}

/** The text is JSON for some errors and plain for others. */
function errorIn(text: string): { readonly message: string; readonly code?: string } {
  try {
    const { message, error, code } = JSON.parse(text);
    return { message: String(message ?? error), code };
  } catch {
    return { message: text.trim() };
  }
}
