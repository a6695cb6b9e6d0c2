import { AppError } from "./app-error.ts";

/** Any thrown value as a public error: what is not an AppError becomes INTERNAL_ERROR and keeps its cause for the log. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError("INTERNAL_ERROR", "An unexpected error occurred", { cause: thrown });
}
