import { type Duration, parseDuration } from "../lib/duration.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/** A value that a rule takes from the request: a claim of its principal, or its time. */
export type OperandSource =
  | { readonly claim: readonly string[] }
  /** An offset from the request's time. */
  | { readonly now: Duration };

const OPERAND_KEYS = ["$claim", "$now"];
const MAX_CLAIM_LENGTH = 200;

/** Whether a value has the form of an operand, such as `{"$claim":"sub"}`. */
export function isOperand(value: JsonValue): value is JsonObject {
  if (!isJsonObject(value)) return false;
  const [key = "", ...others] = Object.keys(value);
  return others.length === 0 && OPERAND_KEYS.includes(key);
}

/** Undefined if the claim or the duration is invalid. */
export function parseOperand({ $claim, $now }: JsonObject): OperandSource | undefined {
  if ($now !== undefined) {
    const now = typeof $now === "string" ? parseDuration($now) : undefined;
    return now && { now };
  }
  if (typeof $claim !== "string" || $claim.length > MAX_CLAIM_LENGTH) return undefined;
  const claim = $claim.split(".");
  return claim.includes("") ? undefined : { claim };
}

/** The claim at the end of a path; undefined if there is none. */
export function claimAt(claims: JsonObject, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((at, name) => {
    return isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }, claims);
}
