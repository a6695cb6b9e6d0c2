import { stringifyFinite } from "../../lib/stringify-finite.ts";
import type { JsonValue } from "../../model/json.ts";
import type { ColumnType } from "../column-type.ts";
import { accept, refuse } from "../parsed.ts";
import { textConversion } from "../text-conversion.ts";

const MAX_JSON_BYTES = 65_536;

const encoder = new TextEncoder();

/** Stored as compact JSON text; key order is kept. */
export const json: ColumnType = {
  name: "JSON",
  family: "json",
  storage: "TEXT",
  parse(value) {
    const text = stringifyFinite(value);
    if (text === undefined) return refuse("must not hold a number that is too large");
    const isTooLarge = text.length > MAX_JSON_BYTES || encoder.encode(text).length > MAX_JSON_BYTES;
    return isTooLarge ? refuse(`must be at most ${MAX_JSON_BYTES} bytes of JSON`) : accept(text);
  },
  parseText(text, column) {
    let value: JsonValue;
    try {
      value = JSON.parse(text);
    } catch {
      return refuse("must be valid JSON");
    }
    return json.parse(value, column);
  },
  toJson: (value): JsonValue => JSON.parse(String(value)),
  conversion: textConversion(
    (text) => `json_valid(${text}) AND length(CAST(${text} AS BLOB)) <= ${MAX_JSON_BYTES}`,
  ),
  jsonSchema: () => ({
    type: ["object", "array", "string", "number", "boolean"],
    additionalProperties: true,
  }),
};
