import type { AppError, Detail } from "./app-error.ts";
import type { ErrorCode } from "./codes.ts";

/** What every failed request answers as `error`; `details` for VALIDATION_ERROR only, no other keys ever. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: readonly Detail[];
}

export function errorBody(error: AppError): ErrorBody {
  const { code, message, details } = error;
  return details === undefined ? { code, message } : { code, message, details };
}
