import type { ColumnType } from "../column-type.ts";
import { textConversion } from "../conversions/stored-as-text.ts";
import { accept, refuse } from "../parsed.ts";
import { parseString } from "../text.ts";

const MESSAGE = "must be a valid time (HH:MM:SS)";
const TIME = /^((?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3}))?)?$/;

/** Stored as returned: whole seconds, with milliseconds only if there are any. Text order is time order. */
export const time: ColumnType = {
  name: "TIME",
  family: "temporal",
  storage: "TEXT",
  parse: (value, column) => parseString(value, (text) => time.parseText(text, column), MESSAGE),
  parseText(text) {
    const match = TIME.exec(text);
    if (!match) return refuse(MESSAGE);
    const [, minutes, seconds = "00", fraction = ""] = match;
    const millis = fraction.padEnd(3, "0");
    return accept(`${minutes}:${seconds}${millis === "000" ? "" : `.${millis}`}`);
  },
  toJson: (value) => String(value),
  conversion: textConversion((text) => {
    const hasMillis = `length(${text}) = 12 AND ${text} NOT GLOB '*.000' AND strftime('%H:%M:%f', ${text}) = ${text}`;
    // SQLite accepts an hour 24.
    return `${text} NOT GLOB '24*' AND ((length(${text}) = 8 AND time(${text}) = ${text}) OR (${hasMillis}))`;
  }),
  jsonSchema: () => ({
    type: "string",
    pattern: "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,3})?)?$",
  }),
};
