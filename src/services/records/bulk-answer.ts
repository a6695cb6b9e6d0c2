import type { KeptRequest } from "../../db/idempotency.ts";
import { AppError } from "../../errors/app-error.ts";
import { type ErrorBody, errorBody } from "../../errors/envelope.ts";
import type { JsonObject } from "../../model/json.ts";
import type { PlannedBulk } from "./bulk-items.ts";

export interface BulkAnswer {
  readonly succeeded: number;
  readonly failed: number;
  readonly errors?: readonly { readonly index: number; readonly error: ErrorBody }[];
  /** In item order; null for what failed or was deleted. */
  readonly data?: readonly (JsonObject | null)[];
}

export type Result = { readonly record: JsonObject | null } | AppError;

export function answerOf(
  results: readonly Result[],
  { isReturning }: Pick<PlannedBulk, "isReturning">,
): BulkAnswer {
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

/** The answer when nothing fails; undefined when it holds records. */
export function foreseenAnswer({ items, isReturning }: PlannedBulk): BulkAnswer | undefined {
  return isReturning ? undefined : { succeeded: items.length, failed: 0 };
}

export const replayAnswer = ({ answer }: KeptRequest): BulkAnswer | undefined =>
  answer === null ? undefined : JSON.parse(answer);
