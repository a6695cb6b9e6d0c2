import type { JsonObject } from "../../../src/model/json.ts";
import type { ApiError } from "../api/api-refusal.ts";

/** What a file holds in one place. */
export interface SourceRow {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly record: JsonObject;
  /** Why it cannot be sent; `record` is then what could be read. */
  readonly error?: ApiError;
}

/** A row that was refused here, as the API would refuse it. */
export const unreadable = (message: string): ApiError => ({ code: "BAD_REQUEST", message });
