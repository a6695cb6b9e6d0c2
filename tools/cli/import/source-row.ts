import type { JsonObject } from "../../../src/model/json.ts";
import type { ApiError } from "../api/api-refusal.ts";

/** Where a row stands in its file, from 1, as people look for it. */
export interface Place {
  readonly line: number;
  /** Of a JSON array, which may stand in one line: which of its elements. */
  readonly item?: number;
}

/** One row of a file. */
export interface SourceRow extends Place {
  readonly record: JsonObject;
  /** Why it cannot be sent; `record` is then what could be read. */
  readonly error?: ApiError;
}

/** A row that was refused. */
export interface RefusedRow extends Place {
  readonly row: JsonObject;
  readonly error: ApiError;
}

/** A row that was refused here, as the API would refuse it. */
export const unreadable = (message: string): ApiError => ({ code: "BAD_REQUEST", message });
