import type { ColumnType } from "../column-type.ts";
import { textConversion } from "../conversions/stored-as-text.ts";
import { accept, refuse } from "../parsed.ts";
import { parseString } from "../text.ts";
import { isCalendarDate } from "./date.ts";

const MESSAGE = "must be a valid date-time (ISO 8601)";
const LACKS_OFFSET = `${MESSAGE}: the offset is missing, write it as in 2026-01-31T09:30:00Z or 2026-01-31T09:30:00+02:00`;
const DATETIME =
  /^(\d{4}-\d{2}-\d{2})T((?:[01]\d|2[0-3]):\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:Z|([+-]\d{2}):?(\d{2})?)$/i;
const LOCAL = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?$/i;

/** Returns what is wrong with a text that is not a date-time. */
export const datetimeProblem = (text: string): string => (LOCAL.test(text) ? LACKS_OFFSET : MESSAGE);

interface Instant {
  /** The time in UTC with milliseconds. */
  readonly utc: string;
  /** The digits after the milliseconds, without trailing zeros. */
  readonly finer: string;
}

function readInstant(text: string): Instant | undefined {
  const match = DATETIME.exec(text);
  if (!match) return undefined;
  const [, day = "", minutes, seconds = "00", fraction = "", hours = "+00", offsetMinutes = "00"] = match;
  if (!isCalendarDate(day)) return undefined;
  const millis = fraction.slice(0, 3).padEnd(3, "0");
  const instant = Date.parse(`${day}T${minutes}:${seconds}.${millis}${hours}:${offsetMinutes}`);
  if (Number.isNaN(instant)) return undefined;
  const utc = new Date(instant).toISOString();
  return utc.length === 24 ? { utc, finer: fraction.slice(3).replace(/0+$/, "") } : undefined;
}

/** Stored and returned in UTC with milliseconds, years 0000 to 9999, so that text order is time order. */
export const datetime: ColumnType = {
  name: "DATETIME",
  family: "temporal",
  storage: "TEXT",
  parse: (value, column) => parseString(value, (text) => datetime.parseText(text, column), MESSAGE),
  parseText(text) {
    const instant = readInstant(text);
    return instant ? accept(instant.utc) : refuse(datetimeProblem(text));
  },
  /** `….123Z5` sorts after `….123Z` and before `….124Z`. */
  parseBound(text) {
    const instant = readInstant(text);
    return instant ? accept(instant.utc + instant.finer) : refuse(datetimeProblem(text));
  },
  toJson: (value) => String(value),
  conversion: textConversion((text) => {
    // SQLite accepts an hour 24.
    const isShaped = `${text} GLOB '[0-9][0-9][0-9][0-9]-*' AND ${text} NOT GLOB '*T24*'`;
    return `${isShaped} AND strftime('%Y-%m-%dT%H:%M:%fZ', ${text}) = ${text}`;
  }),
  jsonSchema: (column) => ({
    type: "string",
    format: "date-time",
    ...(column.autoSet && { readOnly: true }),
  }),
};
