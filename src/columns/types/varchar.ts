import type { ColumnType } from "../column-type.ts";
import { textConversion } from "../conversions/stored-as-text.ts";
import { HAS_NUL, maxLengthOf, parseStoredText, parseString } from "../text.ts";

export const varchar: ColumnType = {
  name: "VARCHAR",
  family: "text",
  storage: "TEXT",
  parse: (value, column) => parseString(value, (text) => varchar.parseText(text, column), "must be a string"),
  parseText: (text, column) => parseStoredText(text, maxLengthOf(column)),
  toJson: (value) => String(value),
  conversion: textConversion((text, column) => `length(${text}) <= ${maxLengthOf(column)}`),
  jsonSchema: (column) => ({ type: "string", maxLength: maxLengthOf(column), not: HAS_NUL }),
};
