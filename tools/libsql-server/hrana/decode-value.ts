import { malformedJson } from "./errors.ts";
import type { NativeValue } from "./protocol.ts";

const INTEGER = /^-?[0-9]{1,19}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** Decodes one Hrana value; integers are decimal strings so that all 64 bits survive JSON. */
export function decodeValue(json: unknown): NativeValue {
  const { type, value, base64 } = (json ?? {}) as { type?: unknown; value?: unknown; base64?: unknown };
  switch (type) {
    case "text":
      // Half of a surrogate pair has no UTF-8 form. sqld refuses it too.
      if (typeof value === "string" && value.isWellFormed()) return value;
      break;
    case "integer":
      return decodeInteger(value);
    case "null":
      return null;
    case "float":
      if (typeof value === "number") return value;
      break;
    case "blob":
      if (typeof base64 === "string" && BASE64.test(base64)) return Buffer.from(base64, "base64");
      break;
  }
  throw malformedValue(json);
}

function decodeInteger(value: unknown): bigint {
  if (typeof value === "string" && INTEGER.test(value)) {
    const integer = BigInt(value);
    if (integer >= MIN_INT64 && integer <= MAX_INT64) return integer;
  }
  throw malformedValue({ type: "integer", value });
}

function malformedValue(json: unknown): Error {
  return malformedJson(`not a Hrana value: ${JSON.stringify(json)?.slice(0, 100)}`);
}
