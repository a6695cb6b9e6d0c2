import type { ErrorCode } from "./codes.ts";

/** A problem of one field. `field` is a path such as `email` or `columns[2].length`. */
export interface Detail {
  readonly field: string;
  readonly message: string;
}

export interface AppErrorOptions {
  readonly details?: readonly Detail[];
  /** Response headers of this error, such as `Retry-After` (seconds) or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Private: goes to the log, never to a client. */
  readonly cause?: unknown;
}

/**
 * A failure that a client may see. `code` and `message` are public; `cause` is private. It knows nothing of HTTP: one
 * place makes the envelope and the status from the code.
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

/** Refuses the whole request, whichever of its items caused it. */
export class RefusedRequest extends AppError {}

/** Returns the same error with words before its message that name a part of the request. */
export function withPrefix(prefix: string, { code, message, details, headers, cause }: AppError): AppError {
  return new AppError(code, prefix + message, { headers, cause, ...(details && { details }) });
}
