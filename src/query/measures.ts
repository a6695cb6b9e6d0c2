import type { ColumnFamily } from "../columns/column-type.ts";
import type { MeasureFunction } from "./ast.ts";

/** The column families of each measure. `count` takes no field. */
export const familiesOfMeasure: Readonly<Record<MeasureFunction, readonly ColumnFamily[]>> = {
  count: [],
  countDistinct: ["text", "number", "temporal", "boolean", "enum", "uuid", "json"],
  sum: ["number"],
  avg: ["number"],
  min: ["text", "number", "temporal", "enum", "uuid"],
  max: ["text", "number", "temporal", "enum", "uuid"],
};
