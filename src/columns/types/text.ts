import type { ColumnType } from "../column-type.ts";
import { textConversion } from "../conversions/stored-as-text.ts";
import { HAS_NUL, MAX_TEXT_LENGTH, parseStoredText, parseString } from "../text.ts";

export const text: ColumnType = {
  name: "TEXT",
  family: "text",
  storage: "TEXT",
  parse: (value, column) => parseString(value, (sent) => text.parseText(sent, column), "must be a string"),
  parseText: (sent) => parseStoredText(sent, MAX_TEXT_LENGTH),
  toJson: (value) => String(value),
  conversion: textConversion((sent) => `length(${sent}) <= ${MAX_TEXT_LENGTH}`),
  jsonSchema: () => ({ type: "string", maxLength: MAX_TEXT_LENGTH, not: HAS_NUL }),
};
