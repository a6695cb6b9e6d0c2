import { readDecimal } from "../../lib/decimal-text.ts";
import type { Column } from "../../model/column.ts";
import { InexactNumber } from "../../model/json.ts";
import type { ColumnType, Parsed } from "../column-type.ts";
import { decimalConversion } from "../conversions/between-number-and-text.ts";
import { accept, refuse } from "../parsed.ts";

export const DEFAULT_PRECISION = 15;
export const DEFAULT_SCALE = 2;

const scaleOf = (column: Column) => column.scale ?? DEFAULT_SCALE;

/** The largest value of the column, `10^precision − 1` scaled down, as text. */
function limitOf(column: Column): string {
  return toDecimalText(10 ** (column.precision ?? DEFAULT_PRECISION) - 1, scaleOf(column));
}

/** A scaled integer as decimal text: 1505 with scale 2 is `15.05`. Exact. */
function toDecimalText(scaled: number, scale: number): string {
  const digits = String(Math.abs(scaled)).padStart(scale + 1, "0");
  const split = digits.length - scale;
  const sign = scaled < 0 ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, split)}.${digits.slice(split)}`;
}

/** Decimal text, with an exponent or without, as a scaled integer. Binary fractions are never involved. */
function parseDecimal(text: string, column: Column): Parsed {
  const decimal = text.startsWith("+") ? undefined : readDecimal(text);
  if (!decimal) return refuse("must be a number");
  const { isNegative, digits, exponent } = decimal;
  if (digits === "") return accept(0);
  const scale = scaleOf(column);
  const zeros = exponent + scale;
  if (zeros < 0) return refuse(`must have at most ${scale} decimal places`);
  if (digits.length + zeros > (column.precision ?? DEFAULT_PRECISION)) {
    return refuse(isNegative ? `must be at least -${limitOf(column)}` : `must be at most ${limitOf(column)}`);
  }
  return accept(Number((isNegative ? "-" : "") + digits + "0".repeat(zeros)));
}

/**
 * Stored as an integer scaled by 10^scale: exact in comparisons and sums. It has at most 15 digits, so a JSON number
 * represents it exactly.
 */
export const decimal: ColumnType = {
  name: "DECIMAL",
  family: "number",
  storage: "INTEGER",
  parse(value, column) {
    if (value instanceof InexactNumber) return parseDecimal(value.text, column);
    return typeof value === "number" ? parseDecimal(String(value), column) : refuse("must be a number");
  },
  parseText: (text, column) => parseDecimal(text, column),
  toJson: (value, column) => Number(toDecimalText(Number(value), scaleOf(column))),
  sumRules(column) {
    const limit = limitOf(column);
    const scaled = 10 ** (column.precision ?? DEFAULT_PRECISION) - 1;
    return [
      { message: `must be at most ${limit}`, holds: (sum) => `${sum} <= ${scaled}` },
      { message: `must be at least -${limit}`, holds: (sum) => `${sum} >= -${scaled}` },
    ];
  },
  conversion: decimalConversion((column) => ({
    precision: column.precision ?? DEFAULT_PRECISION,
    scale: scaleOf(column),
  })),
  jsonSchema: (column) => ({
    type: "number",
    minimum: -Number(limitOf(column)),
    maximum: Number(limitOf(column)),
  }),
};
