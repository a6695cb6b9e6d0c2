import type { ColumnType } from "../column-type.ts";
import { accept, refuse } from "../parsed.ts";
import { parseString } from "../text.ts";
import { textConversion } from "../text-conversion.ts";
import { isCalendarDate } from "./date.ts";

const MESSAGE = "must be a valid date-time (ISO 8601)";
const DATETIME =
  /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:Z|([+-]\d{2}):?(\d{2})?)$/i;

/** Stored and answered in UTC with milliseconds, years 0000 to 9999, so that text order is the order of time. */
export const datetime: ColumnType = {
  name: "DATETIME",
  family: "temporal",
  storage: "TEXT",
  parse: (value, column) => parseString(value, (text) => datetime.parseText(text, column), MESSAGE),
  parseText(text) {
    const match = DATETIME.exec(text);
    if (!match) return refuse(MESSAGE);
    const [, day = "", minutes, seconds = "00", fraction = "", hours = "+00", offsetMinutes = "00"] = match;
    if (!isCalendarDate(day)) return refuse(MESSAGE);
    const millis = fraction.slice(0, 3).padEnd(3, "0");
    const instant = Date.parse(`${day}T${minutes}:${seconds}.${millis}${hours}:${offsetMinutes}`);
    if (Number.isNaN(instant)) return refuse(MESSAGE);
    const utc = new Date(instant).toISOString();
    return utc.length === 24 ? accept(utc) : refuse(MESSAGE);
  },
  toJson: (value) => String(value),
  conversion: textConversion((text) => {
    // SQLite knows an hour 24.
    const isShaped = `${text} GLOB '[0-9][0-9][0-9][0-9]-*' AND ${text} NOT GLOB '*T24*'`;
    return `${isShaped} AND strftime('%Y-%m-%dT%H:%M:%fZ', ${text}) = ${text}`;
  }),
  jsonSchema: (column) => ({
    type: "string",
    format: "date-time",
    ...(column.autoSet && { readOnly: true }),
  }),
};
