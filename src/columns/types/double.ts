import type { ColumnType } from "../column-type.ts";
import { accept, refuse } from "../parsed.ts";

const NUMBER = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

export const double: ColumnType = {
  name: "DOUBLE",
  family: "number",
  storage: "REAL",
  jsonTransport: "REAL17",
  parse: (value) =>
    typeof value === "number" && Number.isFinite(value) ? accept(value) : refuse("must be a number"),
  parseText: (text, column) =>
    NUMBER.test(text) ? double.parse(Number(text), column) : refuse("must be a number"),
  toJson: (value) => Number(value),
  sqlJson: (stored) => `json(CASE WHEN ${stored} IS NOT NULL THEN printf('%!.17g', ${stored}) END)`,
  jsonSchema: () => ({ type: "number", format: "double" }),
};
