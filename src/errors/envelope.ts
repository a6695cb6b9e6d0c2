import type { AppError, Detail } from "./app-error.ts";
import type { ErrorCode } from "./codes.ts";

/** The body of every failed request. `details` is for VALIDATION_ERROR only; there are no other keys. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: readonly Detail[];
}

/** The most details that one error shows. The last one counts the rest. */
export const MAX_DETAILS = 100;

function shownOf(details: readonly Detail[]): readonly Detail[] {
  if (details.length <= MAX_DETAILS) return details;
  const shown = details.slice(0, MAX_DETAILS - 1);
  return [...shown, { field: "", message: `and ${details.length - shown.length} more` }];
}

export function errorBody(error: AppError): ErrorBody {
  const { code, message, details } = error;
  return details === undefined ? { code, message } : { code, message, details: shownOf(details) };
}
