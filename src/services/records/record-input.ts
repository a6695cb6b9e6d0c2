import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import { shapeTagOf } from "../../query/sql/shape-record.ts";

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

/** A version, and the shape that it was seen in; without a shape, as it stands in any. */
export interface ExpectedTag {
  readonly version: number;
  readonly shape: string | undefined;
}

/** `expected` is what If-Match asks for: a tag, `"ANY"` existing record, or `"NONE"`, which nothing can match. */
export interface Precondition {
  readonly expected?: ExpectedTag | "ANY" | "NONE" | undefined;
}

/** No version is below 1, so what nothing can match is 0. Undefined: every version will do. */
export function expectedVersionOf(entity: Entity, { expected }: Precondition): number | undefined {
  if (expected === "NONE") return 0;
  if (expected === undefined || expected === "ANY") return undefined;
  const isSameShape = expected.shape === undefined || expected.shape === shapeTagOf(entity);
  return isSameShape ? expected.version : 0;
}

/**
 * What an `If-Match` asks for; undefined without one. Weak tags never match, and of several tags none: a record has one
 * version, so a client that names more than one does not know which it saw. RFC 9110, section 13.1.1.
 */
export function versionAsked(ifMatch: string | undefined): Precondition["expected"] {
  if (ifMatch === undefined) return undefined;
  const tag = ifMatch.trim();
  if (tag === "*") return "ANY";
  const [, version, shape] = /^"(\d{1,16})(?:-([0-9a-z]{1,8}))?"$/.exec(tag) ?? [];
  return version === undefined ? "NONE" : { version: Number(version), shape };
}
