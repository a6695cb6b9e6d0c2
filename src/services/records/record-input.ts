import type { JsonObject } from "../../model/json.ts";

/** Parts of a request that may be unreadable; calling one throws its error, where its turn in the contract's order is. */
export interface RecordQuery {
  readonly query: () => URLSearchParams;
}

export interface RecordAddress extends RecordQuery {
  readonly entity: string;
  /** As in the path. */
  readonly id: string;
}

export interface RecordBody {
  readonly body: () => JsonObject;
}
