import type { ColumnType } from "../column-type.ts";
import { accept, refuse } from "../parsed.ts";

export const boolean: ColumnType = {
  name: "BOOLEAN",
  family: "boolean",
  storage: "INTEGER",
  parse: (value) => (typeof value === "boolean" ? accept(value ? 1 : 0) : refuse("must be a boolean")),
  parseText(text) {
    if (text === "true") return accept(1);
    return text === "false" ? accept(0) : refuse("must be a boolean");
  },
  toJson: (value) => Number(value) !== 0,
  /** Flags are often stored as numbers. */
  conversion: {
    toText: (stored) => `CASE ${stored} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END`,
    fromText: (text) => `CASE WHEN ${text} IN ('true', '1') THEN 1 WHEN ${text} IN ('false', '0') THEN 0 END`,
  },
  jsonSchema: () => ({ type: "boolean" }),
};
