import type { Column } from "../model/column.ts";
import type { Conversion } from "./column-type.ts";

/* Canonical text of a number: no zeros after the last decimal, no point without decimals, no plus, no exponent. */

const LARGEST_EXACT = Number.MAX_SAFE_INTEGER;

/** A number's text without the zeros that say nothing, so that `10.50` is read as `10.5`. */
const trimmed = (text: string) =>
  `CASE WHEN instr(${text}, '.') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;

const integerText = (stored: string) => `CAST(${stored} AS TEXT)`;

export function integerConversion(isInRange: (value: string) => string): Conversion {
  const value = "CAST(n AS INTEGER)";
  return {
    toText: integerText,
    fromText: (text) =>
      `(SELECT CASE WHEN ${integerText(value)} = n AND ${isInRange(value)} THEN ${value} END FROM (SELECT ${trimmed(text)} AS n))`,
  };
}

/** Through text as short as it can be while it still names the same number. printf makes a zero of null. */
const doubleText = (stored: string) =>
  `CASE WHEN ${stored} = CAST(${stored} AS INTEGER) AND abs(${stored}) <= ${LARGEST_EXACT} THEN CAST(CAST(${stored} AS INTEGER) AS TEXT) ` +
  `WHEN CAST(CAST(${stored} AS TEXT) AS REAL) = ${stored} THEN CAST(${stored} AS TEXT) ` +
  `WHEN ${stored} IS NOT NULL THEN printf('%!.17g', ${stored}) END`;

export const doubleConversion: Conversion = {
  toText: doubleText,
  fromText: (text) =>
    `(SELECT CASE WHEN (${doubleText("v")}) = n THEN v END FROM (SELECT n, CAST(n AS REAL) AS v FROM (SELECT ${trimmed(text)} AS n)))`,
};

/** A scaled integer as decimal text: 1505 of scale 2 is `15.05`. */
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
