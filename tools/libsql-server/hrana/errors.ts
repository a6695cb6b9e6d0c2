/** An error of one Hrana request or batch step: reported inside an HTTP 200 answer. */
export class HranaError extends Error {
  override readonly name = "HranaError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** An error of the HTTP request as a whole: it ends the stream and answers with `status`. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function responseTooLarge(): HranaError {
  return new HranaError("RESPONSE_TOO_LARGE", "Response is too large");
}
