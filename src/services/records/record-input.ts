import type { JsonObject } from "../../model/json.ts";
import type { RecordName } from "../../query/plan/named-record.ts";
import type { RequestQuery } from "../request-query.ts";

export interface RecordAddress extends RequestQuery, RecordName {
  readonly entity: string;
}

/** Calling `body` throws its error, where the contract's order has its place. */
export interface RecordBody {
  readonly body: () => JsonObject;
}
