import { stringifyFinite } from "../../lib/stringify-finite.ts";
import { InexactNumber, isJsonObject, type JsonValue, parseJson } from "../../model/json.ts";
import type { ColumnType } from "../column-type.ts";
import { isDoubleSql } from "../conversions/between-number-and-text.ts";
import { textConversion } from "../conversions/stored-as-text.ts";
import { accept, INEXACT, refuse } from "../parsed.ts";

export const MAX_JSON_BYTES = 65_536;
export const TOO_LARGE = `must be at most ${MAX_JSON_BYTES} bytes of JSON`;

const encoder = new TextEncoder();

/**
 * Numbers that a response would change, because JSON numbers are doubles. Digits after the point are not checked here.
 */
const HAS_CHANGED_NUMBER =
  "EXISTS (SELECT 1 FROM json_tree(t) WHERE type IN ('integer', 'real') AND (atom IN (9e999, -9e999) OR atom <> CAST(atom AS REAL)))";

/** Null is not a value here. `t` is bound because json_tree() has columns that a user's column could be named after. */
const isJsonSql = (text: string) =>
  `(SELECT CASE WHEN NOT json_valid(t) OR length(CAST(t AS BLOB)) > ${MAX_JSON_BYTES} THEN 0 ` +
  `WHEN json_type(t) = 'null' THEN 0 WHEN json_type(t) IN ('integer', 'real') THEN ${isDoubleSql("t")} ` +
  `ELSE NOT ${HAS_CHANGED_NUMBER} END FROM (SELECT ${text} AS t))`;

function hasInexactNumber(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(hasInexactNumber);
  if (isJsonObject(value)) return Object.values(value).some(hasInexactNumber);
  return value instanceof InexactNumber;
}

/** Stored as compact JSON text; key order is kept. */
export const json: ColumnType = {
  name: "JSON",
  family: "json",
  storage: "TEXT",
  parse(value) {
    if (hasInexactNumber(value)) return refuse(INEXACT);
    const text = stringifyFinite(value);
    if (text === undefined) return refuse("must not contain a number that is too large");
    const isTooLarge = text.length > MAX_JSON_BYTES || encoder.encode(text).length > MAX_JSON_BYTES;
    return isTooLarge ? refuse(TOO_LARGE) : accept(text);
  },
  parseText(text, column) {
    let value: JsonValue;
    try {
      value = parseJson(text);
    } catch {
      return refuse("must be valid JSON");
    }
    return json.parse(value, column);
  },
  toJson: (value): JsonValue => JSON.parse(String(value)),
  conversion: textConversion(isJsonSql),
  jsonSchema: () => ({
    type: ["object", "array", "string", "number", "boolean"],
    items: {},
    additionalProperties: true,
  }),
};
