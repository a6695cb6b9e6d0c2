import { type AppError, countOf, type Detail, MAX_DETAILS } from "./app-error.ts";
import type { ErrorCode } from "./codes.ts";

/** The body of every failed request. `details` is for VALIDATION_ERROR only; there are no other keys. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: readonly Pick<Detail, "field" | "message">[];
}

export function shownOf<T extends Detail>(details: readonly T[]): readonly (T | Detail)[] {
  const count = countOf(details);
  if (count <= MAX_DETAILS) return details;
  const shown = details.slice(0, MAX_DETAILS - 1);
  return [...shown, { field: "", message: `and ${count - countOf(shown)} more` }];
}

export function errorBody({ code, message, details }: AppError): ErrorBody {
  if (details === undefined) return { code, message };
  return { code, message, details: shownOf(details).map(({ field, message }) => ({ field, message })) };
}
