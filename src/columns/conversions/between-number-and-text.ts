import type { Column } from "../../model/column.ts";
import type { Conversion } from "../column-type.ts";

/*
 * Canonical text of a number, as in JSON: no zeros after the last decimal, no point without decimals, no plus, an
 * exponent from 1e21 and below 1e-6.
 */

/** 17 digits identify any double. */
const DOUBLE_DIGITS = 17;

/** Whole doubles below this are written without an exponent. */
const SMALLEST_LONG = `1${"0".repeat(DOUBLE_DIGITS)}`;

/**
 * A number's text without trailing zeros, so that `10.50` is read as `10.5`. Zeros of the exponent, as in `1e+30`,
 * stay.
 */
const trimmed = (text: string) =>
  `CASE WHEN instr(${text}, '.') AND NOT instr(${text}, 'e') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;

const integerText = (stored: string) => `CAST(${stored} AS TEXT)`;

export function integerConversion(isInRange: (value: string) => string): Conversion {
  const value = "CAST(n AS INTEGER)";
  return {
    toText: integerText,
    fromText: (text) =>
      `(SELECT CASE WHEN ${integerText(value)} = n AND ${isInRange(value)} THEN ${value} END FROM (SELECT ${trimmed(text)} AS n))`,
  };
}

/** The shortest text that still identifies the same number. printf turns null into zero. */
const shortestText = (stored: string) =>
  `CASE WHEN ${stored} = CAST(${stored} AS INTEGER) AND abs(${stored}) < ${SMALLEST_LONG} THEN CAST(CAST(${stored} AS INTEGER) AS TEXT) ` +
  `WHEN CAST(CAST(${stored} AS TEXT) AS REAL) = ${stored} THEN CAST(${stored} AS TEXT) ` +
  `WHEN CAST(printf('%!.16g', ${stored}) AS REAL) = ${stored} THEN printf('%!.16g', ${stored}) ` +
  `WHEN ${stored} IS NOT NULL THEN printf('%!.${DOUBLE_DIGITS}g', ${stored}) END`;

/** Rewrites SQLite's `1.0e-07` as JSON's `1e-7`, `1.0e-05` as `0.00001` and `1.5e+17` as `150000000000000000`. */
function jsonNumberText(text: string): string {
  const split = `SELECT t, instr(t, 'e') AS i FROM (SELECT ${text} AS t)`;
  const exponent = "CASE WHEN i > 0 THEN CAST(substr(t, i + 1) AS INTEGER) END";
  const mantissa = "substr(t, 1, i - CASE WHEN substr(t, i - 2, 2) = '.0' THEN 3 ELSE 1 END)";
  const parts = `SELECT t, ${exponent} AS e, ${mantissa} AS m FROM (${split})`;
  const digits = "replace(ltrim(m, '-'), '.', '')";
  const sign = "CASE WHEN m LIKE '-%' THEN '-' ELSE '' END";
  return `(SELECT CASE
    WHEN e BETWEEN 0 AND 20 THEN sign || digits || substr('${"0".repeat(20)}', 1, e + 1 - length(digits))
    WHEN e BETWEEN -6 AND -1 THEN sign || '0.' || substr('00000', 1, -e - 1) || digits
    WHEN e > 0 THEN m || 'e+' || e
    WHEN e < 0 THEN m || 'e' || e
    ELSE t END FROM (SELECT t, e, m, ${sign} AS sign, ${digits} AS digits FROM (${parts})))`;
}

const doubleText = (stored: string) => jsonNumberText(shortestText(stored));

export const doubleConversion: Conversion = {
  toText: doubleText,
  fromText: (text) =>
    `(SELECT CASE WHEN (${doubleText("v")}) = n THEN v END FROM (SELECT n, CAST(n AS REAL) AS v FROM (SELECT ${trimmed(text)} AS n)))`,
};

/** The significant digits of a number's text: `15` of `-1.50e+3`. */
const digitsOf = (text: string) =>
  `trim(replace(replace(substr(${text}, 1, instr(lower(${text}) || 'e', 'e') - 1), '-', ''), '.', ''), '0')`;

/**
 * Whether a double equals a JSON number. Whole numbers must match in every digit. For others, SQLite's own reading can
 * be an ulp off, so 17 digits must do.
 */
export function isDoubleSql(text: string): string {
  const isExact = `${digitsOf(`printf('%!.*e', max(length(d), 1) - 1, v)`)} = d`;
  const isNear = "v NOT IN (9e999, -9e999) AND (v <> 0 OR d = '')";
  const fits = `length(d) <= ${DOUBLE_DIGITS} AND CASE WHEN n GLOB '*[.eE]*' THEN ${isNear} ELSE ${isExact} END`;
  return `(SELECT ${fits} FROM (SELECT ${text} AS n, CAST(${text} AS REAL) AS v, ${digitsOf(text)} AS d))`;
}

/** A scaled integer as decimal text: 1505 with scale 2 is `15.05`. */
function decimalText(stored: string, scale: number): string {
  if (scale === 0) return integerText(stored);
  const factor = 10 ** scale;
  const digits = `printf('%d.%0${scale}d', abs(${stored}) / ${factor}, abs(${stored}) % ${factor})`;
  return `CASE WHEN ${stored} IS NOT NULL THEN CASE WHEN ${stored} < 0 THEN '-' ELSE '' END || rtrim(rtrim(${digits}, '0'), '.') END`;
}

export function decimalConversion(
  shapeOf: (column: Column) => { readonly precision: number; readonly scale: number },
): Conversion {
  return {
    toText: (stored, column) => decimalText(stored, shapeOf(column).scale),
    fromText(text, column) {
      const { precision, scale } = shapeOf(column);
      const decimals = "CASE instr(n, '.') WHEN 0 THEN 0 ELSE length(n) - instr(n, '.') END";
      const zeros = `substr('${"0".repeat(scale)}', 1, max(0, ${scale} - ${decimals}))`;
      const limit = 10 ** precision;
      // Clamped, because abs() of the least integer is an error.
      const value = `max(-${limit}, min(${limit}, CAST(replace(n, '.', '') || ${zeros} AS INTEGER)))`;
      const fits = `(${decimalText("v", scale)}) = n AND abs(v) < ${limit}`;
      return `(SELECT CASE WHEN ${fits} THEN v END FROM (SELECT n, ${value} AS v FROM (SELECT ${trimmed(text)} AS n)))`;
    },
  };
}
