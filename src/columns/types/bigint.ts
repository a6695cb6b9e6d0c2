import { InexactNumber } from "../../model/json.ts";
import type { ColumnType } from "../column-type.ts";
import { integerConversion } from "../conversions/between-number-and-text.ts";
import { accept, INEXACT, refuse } from "../parsed.ts";
import { isWholeText } from "./integer.ts";

const [MIN, MAX] = [-(2n ** 63n), 2n ** 63n - 1n];
const OUT_OF_RANGE = `must be an integer between ${MIN} and ${MAX}`;
/** Longer texts are always out of range, so they are not parsed. */
const MAX_DIGITS = 40;

/** A string of digits in JSON, because JSON's numbers lose digits beyond 2^53. Leading zeros are dropped. */
export const bigint: ColumnType = {
  name: "BIGINT",
  family: "number",
  storage: "INTEGER",
  jsonTransport: "TEXT",
  parse(value, column) {
    if (typeof value === "string") return bigint.parseText(value, column);
    if (value instanceof InexactNumber)
      return refuse(isWholeText(value.text) ? INEXACT : "must be an integer");
    if (typeof value !== "number" || !Number.isInteger(value)) return refuse("must be an integer");
    return Number.isSafeInteger(value) ? accept(value + 0) : refuse("must be a string of digits beyond 2^53");
  },
  parseText(text) {
    if (!/^-?\d+$/.test(text)) return refuse("must be an integer");
    if (text.length > MAX_DIGITS) return refuse(OUT_OF_RANGE);
    const value = BigInt(text);
    if (value < MIN || value > MAX) return refuse(OUT_OF_RANGE);
    const number = Number(value);
    return accept(Number.isSafeInteger(number) ? number : value);
  },
  toJson: (value) => String(value),
  // A sum of integers that does not fit into 64 bits becomes a double.
  sumRules: () => [{ message: OUT_OF_RANGE, holds: (sum) => `typeof(${sum}) = 'integer'` }],
  conversion: integerConversion(() => "1"),
  jsonSchema: () => ({ type: "string", format: "int64", pattern: "^-?[0-9]+$" }),
};
