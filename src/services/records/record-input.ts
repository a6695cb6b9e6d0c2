import type { JsonObject } from "../../model/json.ts";
import type { Precondition } from "../../write/plan/expected-version.ts";

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

/**
 * What an `If-Match` asks for; undefined without one. Weak tags never match, and several tags match nothing: a record has
 * one version, so a client that names more than one does not know which it saw. RFC 9110, section 13.1.1.
 */
export function versionAsked(ifMatch: string | undefined): Precondition["expected"] {
  if (ifMatch === undefined) return undefined;
  const tag = ifMatch.trim();
  if (tag === "*") return "ANY";
  const [, version, shape] = /^"(\d{1,16})(?:-([0-9a-z]{1,8}))?"$/.exec(tag) ?? [];
  return version === undefined ? "NONE" : { version: Number(version), shape };
}
