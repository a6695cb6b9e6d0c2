import type { JsonObject } from "../../../../src/model/json.ts";
import type { ErrorBody } from "../../api/api-error.ts";

/** The place of a row in its file, counted from 1. */
export interface Place {
  readonly line: number;
  /** The number of the element in a JSON array, which may have one line only. */
  readonly item?: number;
}

/** One row of a file. */
export interface SourceRow extends Place {
  readonly record: JsonObject;
  /** Why the row cannot be sent; `record` then holds what could be read. */
  readonly error?: ErrorBody;
}

/** A row that was refused. */
export interface RefusedRow extends Place {
  readonly row: JsonObject;
  readonly error: ErrorBody;
}

/** The error of a row that cannot be read, in the form of the API. */
export const unreadable = (message: string): ErrorBody => ({ code: "BAD_REQUEST", message });
