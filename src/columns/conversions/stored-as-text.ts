import type { Column } from "../../model/column.ts";
import type { Conversion } from "../column-type.ts";

/** Conversion for types that are stored as their canonical text. */
export function textConversion(fits: (text: string, column: Column) => string): Conversion {
  return {
    toText: (stored) => stored,
    fromText: (text, column) => `CASE WHEN ${fits(text, column)} THEN ${text} END`,
  };
}
