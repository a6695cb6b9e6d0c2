import type { JsonObject } from "../../model/json.ts";
import type { RecordName } from "../../query/plan/named-record.ts";

/** Parts of a request that may be invalid. Calling one throws its error, where the contract's order has its place. */
export interface RecordQuery {
  readonly query: () => URLSearchParams;
}

export interface RecordAddress extends RecordQuery, RecordName {
  readonly entity: string;
}

export interface RecordBody {
  readonly body: () => JsonObject;
}
