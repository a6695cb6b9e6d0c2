import { readDecimal } from "../../lib/decimal-text.ts";
import { InexactNumber } from "../../model/json.ts";
import type { ColumnType } from "../column-type.ts";
import { integerConversion } from "../conversions/between-number-and-text.ts";
import { accept, refuse } from "../parsed.ts";

const [MIN, MAX] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
const OUT_OF_RANGE = `must be an integer between ${MIN} and ${MAX}`;

/** Whether decimal text is a whole number, as `1e3` and `5.0` are. */
export const isWholeText = (text: string): boolean => (readDecimal(text)?.exponent ?? -1) >= 0;

export const integer: ColumnType = {
  name: "INTEGER",
  family: "number",
  storage: "INTEGER",
  parse(value) {
    if (value instanceof InexactNumber)
      return refuse(isWholeText(value.text) ? OUT_OF_RANGE : "must be an integer");
    if (typeof value !== "number" || !Number.isInteger(value)) return refuse("must be an integer");
    return Number.isSafeInteger(value) ? accept(value + 0) : refuse(OUT_OF_RANGE);
  },
  parseText(text, column) {
    return /^-?\d+$/.test(text) ? integer.parse(Number(text), column) : refuse("must be an integer");
  },
  toJson: (value) => Number(value),
  sumRules: () => [{ message: OUT_OF_RANGE, holds: (sum) => `${sum} BETWEEN ${MIN} AND ${MAX}` }],
  conversion: integerConversion((value) => `${value} BETWEEN ${MIN} AND ${MAX}`),
  jsonSchema: () => ({ type: "integer", minimum: MIN, maximum: MAX }),
};
