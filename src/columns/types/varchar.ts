import type { Column } from "../../model/column.ts";
import type { ColumnType } from "../column-type.ts";
import { parseStoredText, parseString } from "../text.ts";
import { textConversion } from "../text-conversion.ts";

export const DEFAULT_VARCHAR_LENGTH = 255;

const lengthOf = (column: Column) => column.length ?? DEFAULT_VARCHAR_LENGTH;

export const varchar: ColumnType = {
  name: "VARCHAR",
  family: "text",
  storage: "TEXT",
  parse: (value, column) => parseString(value, (text) => varchar.parseText(text, column), "must be a string"),
  parseText: (text, column) => parseStoredText(text, lengthOf(column)),
  toJson: (value) => String(value),
  conversion: textConversion((text, column) => `length(${text}) <= ${lengthOf(column)}`),
  jsonSchema: (column) => ({ type: "string", maxLength: lengthOf(column) }),
};
