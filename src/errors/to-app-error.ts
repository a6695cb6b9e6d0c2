import { AppError } from "./app-error.ts";

/**
 * Turns any thrown value into a public error. Anything but an AppError becomes INTERNAL_ERROR, with its cause for the
 * log.
 */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError("INTERNAL_ERROR", "An unexpected error occurred", { cause: thrown });
}
