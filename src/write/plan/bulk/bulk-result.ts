import { AppError } from "../../../errors/app-error.ts";
import { type ErrorBody, errorBody } from "../../../errors/envelope.ts";
import type { JsonObject } from "../../../model/json.ts";

export interface BulkResult {
  readonly succeeded: number;
  readonly failed: number;
  readonly errors?: readonly { readonly index: number; readonly error: ErrorBody }[];
  /** In item order; null for failed and deleted items. */
  readonly data?: readonly (JsonObject | null)[];
}

export type ItemResult = { readonly record: JsonObject | null } | AppError;

export function bulkResultOf(results: readonly ItemResult[], isReturning: boolean): BulkResult {
  const errors = results.flatMap((result, index) => {
    return result instanceof AppError ? [{ index, error: errorBody(result) }] : [];
  });
  const data = results.map((result) => (result instanceof AppError ? null : result.record));
  return {
    succeeded: results.length - errors.length,
    failed: errors.length,
    ...(errors.length > 0 && { errors }),
    ...(isReturning && { data }),
  };
}

/** The result if every item succeeds and no records are requested. */
export const successOf = (items: readonly unknown[]): BulkResult => ({ succeeded: items.length, failed: 0 });
