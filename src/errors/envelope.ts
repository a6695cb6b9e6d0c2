import type { AppError, Detail } from "./app-error.ts";
import type { ErrorCode } from "./codes.ts";

/** What every failed request answers as `error`; `details` for VALIDATION_ERROR only, no other keys ever. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: readonly Detail[];
}

/** Details that one error shows; the last one counts the rest. */
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
