import type { Column } from "../../model/column.ts";
import type { ColumnType } from "../column-type.ts";
import { textConversion } from "../conversions/stored-as-text.ts";
import { accept, refuse } from "../parsed.ts";
import { parseString, quoteText } from "../text.ts";

const valuesOf = (column: Column) => column.values ?? [];
const messageOf = (column: Column) => `must be one of: ${valuesOf(column).join(", ")}`;

export const enumeration: ColumnType = {
  name: "ENUM",
  family: "enum",
  storage: "TEXT",
  parse: (value, column) =>
    parseString(value, (text) => enumeration.parseText(text, column), messageOf(column)),
  parseText: (text, column) => (valuesOf(column).includes(text) ? accept(text) : refuse(messageOf(column))),
  toJson: (value) => String(value),
  conversion: textConversion((text, column) => `${text} IN (${valuesOf(column).map(quoteText).join(", ")})`),
  jsonSchema: (column) => ({ type: "string", enum: valuesOf(column) }),
};
