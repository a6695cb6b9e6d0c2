import type { ColumnType } from "../column-type.ts";
import { textConversion } from "../conversions/stored-as-text.ts";
import { accept, refuse } from "../parsed.ts";
import { parseString } from "../text.ts";

const MESSAGE = "must be a valid date (YYYY-MM-DD)";

/** Whether `YYYY-MM-DD` is a day of the calendar. */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

export const date: ColumnType = {
  name: "DATE",
  family: "temporal",
  storage: "TEXT",
  parse: (value, column) => parseString(value, (text) => date.parseText(text, column), MESSAGE),
  parseText: (text) => (isCalendarDate(text) ? accept(text) : refuse(MESSAGE)),
  toJson: (value) => String(value),
  conversion: textConversion((text) => `${text} GLOB '[0-9][0-9][0-9][0-9]-*' AND date(${text}) = ${text}`),
  jsonSchema: () => ({ type: "string", format: "date" }),
};
