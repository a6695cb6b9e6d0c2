import { columnTypeOf } from "../../../src/columns/registry.ts";
import type { Column } from "../../../src/model/column.ts";
import type { JsonValue } from "../../../src/model/json.ts";

/** A cell as a JSON value; undefined leaves the field out. */
export type Converted = { readonly value: JsonValue | undefined } | { readonly message: string };

export interface CellOptions {
  /** Whether to remove the apostrophe that an export puts before formulas. */
  readonly unescapeFormulas: boolean;
  /** The words for booleans, in lower case. */
  readonly booleans: BooleanWords;
}

export interface BooleanWords {
  readonly true: readonly string[];
  readonly false: readonly string[];
}

/** Also the 1 and 0 of databases. */
export const BOOLEAN_WORDS: BooleanWords = { true: ["true", "1"], false: ["false", "0"] };

const ESCAPED_FORMULA = /^'+[=+\-@\t\r\n＝＋－＠]/;
const READ_HERE = ["INTEGER", "DECIMAL", "DOUBLE", "JSON"];

/**
 * Converts a cell by the type of its column. A null cell (nothing between the delimiters) is null, or leaves the field out
 * when the column is not nullable or the server sets it. `""` is the empty text. The server reads types that JSON has no
 * form for. Messages are the server's.
 */
export function convertCell(cell: string | null, column: Column, options: CellOptions): Converted {
  const { family } = columnTypeOf(column);
  const text = cell !== null && options.unescapeFormulas ? unescapeFormula(cell) : cell;
  if (family === "text" && text !== null) return { value: text };
  if (text !== null && column.values?.includes(text)) return { value: text };
  const trimmed = (family === "enum" ? text : cell)?.trim() ?? "";
  if (trimmed === "") return { value: column.nullable && !column.autoSet ? null : undefined };
  if (column.type === "BOOLEAN") return convertBoolean(trimmed, options.booleans);
  return READ_HERE.includes(column.type) ? readValue(trimmed, column) : { value: trimmed };
}

const unescapeFormula = (text: string): string => (ESCAPED_FORMULA.test(text) ? text.slice(1) : text);

function readValue(text: string, column: Column): Converted {
  const type = columnTypeOf(column);
  const parsed = type.parseText(text, column);
  if (!parsed.ok) return { message: parsed.message };
  return { value: parsed.value === null ? null : type.toJson(parsed.value, column) };
}

function convertBoolean(text: string, words: BooleanWords): Converted {
  const lower = text.toLowerCase();
  if (words.true.includes(lower)) return { value: true };
  if (words.false.includes(lower)) return { value: false };
  const accepted = [...words.true, ...words.false].join(", ");
  return { message: `must be a boolean: one of ${accepted} (--true and --false name other words)` };
}
