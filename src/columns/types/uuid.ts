import type { ColumnType } from "../column-type.ts";
import { textConversion } from "../conversions/stored-as-text.ts";
import { accept, refuse } from "../parsed.ts";
import { parseString } from "../text.ts";

const MESSAGE = "must be a valid UUID";
const GLOB = [8, 4, 4, 4, 12].map((digits) => "[0-9a-f]".repeat(digits)).join("-");
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const uuid: ColumnType = {
  name: "UUID",
  family: "uuid",
  storage: "TEXT",
  parse: (value, column) => parseString(value, (text) => uuid.parseText(text, column), MESSAGE),
  parseText(text) {
    const lower = text.toLowerCase();
    return UUID.test(lower) ? accept(lower) : refuse(MESSAGE);
  },
  toJson: (value) => String(value),
  conversion: textConversion((text) => `${text} GLOB '${GLOB}'`),
  jsonSchema: () => ({ type: "string", format: "uuid" }),
};
