import type { ErrorCode } from "./codes.ts";

/** One problem of one field; `field` is a path such as `email` or `columns[2].length`. */
export interface Detail {
  readonly field: string;
  readonly message: string;
}

export interface AppErrorOptions {
  readonly details?: readonly Detail[];
  /** Response headers that belong to this error, such as `Retry-After` (seconds) or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Private: goes to the log, never to a client. */
  readonly cause?: unknown;
}

/**
 * A failure that a client may see: `code` and `message` are public and literal, `cause` is private.
 * Knows nothing of HTTP; the envelope and the status are made in one place from the code.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly Detail[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }
}

/** A refusal of a request as a whole, whichever of its items it comes from. */
export class RefusedRequest extends AppError {}

/** The same error with words before its message that say which part of a request it belongs to. */
export function withPrefix(prefix: string, { code, message, details, headers, cause }: AppError): AppError {
  return new AppError(code, prefix + message, { headers, cause, ...(details && { details }) });
}
