import { InexactNumber } from "../../model/json.ts";
import type { ColumnType } from "../column-type.ts";
import { doubleConversion } from "../conversions/between-number-and-text.ts";
import { accept, refuse } from "../parsed.ts";

const NUMBER = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** Rounds to the nearest double, as the type promises. */
export const double: ColumnType = {
  name: "DOUBLE",
  family: "number",
  storage: "REAL",
  jsonTransport: "REAL17",
  parse(value) {
    const nearest = value instanceof InexactNumber ? Number(value.text) : value;
    return typeof nearest === "number" && Number.isFinite(nearest)
      ? accept(nearest)
      : refuse("must be a number");
  },
  parseText: (text, column) =>
    NUMBER.test(text) ? double.parse(Number(text), column) : refuse("must be a number"),
  toJson: (value) => Number(value),
  sumRules: () => [{ message: "must be a number", holds: (sum) => `${sum} NOT IN (9e999, -9e999)` }],
  conversion: doubleConversion,
  jsonSchema: () => ({ type: "number", format: "double" }),
};
