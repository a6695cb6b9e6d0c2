/** An error of one Hrana request or batch step: reported inside an HTTP 200 response. */
export class HranaError extends Error {
  override readonly name = "HranaError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Refuses a whole HTTP request and ends its stream. The body has the form that sqld uses for this error. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly type: "application/json" | "text/plain";
  readonly body: string;

  constructor(status: number, content: { readonly text: string } | { readonly json: object }) {
    const body = "text" in content ? content.text : JSON.stringify(content.json);
    super(body);
    this.status = status;
    this.type = "text" in content ? "text/plain" : "application/json";
    this.body = body;
  }
}

/** The client broke the protocol (`ProtocolError` of sqld). */
export const protocolError = (message: string) => new HttpError(400, { text: message });

export const malformedJson = (detail: string) =>
  protocolError(`Cannot deserialize client message from JSON: ${detail}`);

/** A correct client can meet this one, so it has a code (`StreamError` of sqld). */
export function streamExpired(): HttpError {
  const message = "The stream has expired due to inactivity";
  return new HttpError(400, { json: { message, code: "STREAM_EXPIRED" } });
}

/** Every other error (`Error` of sqld). */
export const httpError = (status: number, error: string) => new HttpError(status, { json: { error } });

export function responseTooLarge(): HranaError {
  return new HranaError("RESPONSE_TOO_LARGE", "Response is too large");
}
