import type { ColumnType } from "../column-type.ts";
import { doubleConversion } from "../number-conversions.ts";
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
  sumRules: () => [{ message: "must be a number", holds: (sum) => `${sum} NOT IN (9e999, -9e999)` }],
  conversion: doubleConversion,
  jsonSchema: () => ({ type: "number", format: "double" }),
};
