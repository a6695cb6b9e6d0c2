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
  sqlJson: (stored) => `json(CASE ${stored} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END)`,
  jsonSchema: () => ({ type: "boolean" }),
};
