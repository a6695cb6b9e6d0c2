import type { JsonObject } from "../../model/json.ts";
import type { RecordName } from "../../query/plan/named-record.ts";

/** Parts of a request that may be unreadable; calling one throws its error, where its turn in the contract's order is. */
export interface RecordQuery {
  readonly query: () => URLSearchParams;
}

export interface RecordAddress extends RecordQuery, RecordName {
  readonly entity: string;
}

export interface RecordBody {
  readonly body: () => JsonObject;
}
