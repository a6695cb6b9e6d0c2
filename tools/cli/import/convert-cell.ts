import { columnTypeOf } from "../../../src/columns/registry.ts";
import type { Column } from "../../../src/model/column.ts";
import type { JsonValue } from "../../../src/model/json.ts";

/** A cell as JSON; undefined leaves the field out. */
export type Converted = { readonly value: JsonValue | undefined } | { readonly message: string };

const TRUE = new Set(["true", "1"]);
const FALSE = new Set(["false", "0"]);

/**
 * A cell of a CSV file by its column's type. Null (nothing between the commas) is null, or left out where the column
 * is not nullable or has a default; `""` is the empty text. Types that JSON has no form for go as text: the server
 * reads them. Messages are the server's.
 */
export function convertCell(cell: string | null, column: Column): Converted {
  const { family } = columnTypeOf(column);
  if (family === "text" && cell !== null) return { value: cell };
  const text = cell?.trim() ?? "";
  if (text === "") return { value: isLeftOut(column) ? undefined : null };
  if (column.type === "BOOLEAN") return convertBoolean(text);
  if (!["INTEGER", "DECIMAL", "DOUBLE", "JSON"].includes(column.type)) return { value: text };
  const type = columnTypeOf(column);
  const parsed = type.parseText(text, column);
  if (!parsed.ok) return { message: parsed.message };
  return { value: parsed.value === null ? null : type.toJson(parsed.value, column) };
}

const isLeftOut = (column: Column): boolean =>
  !column.nullable || column.default !== undefined || column.generated === true;

/** Also the 1 and 0 of databases and the capitals of spreadsheets. */
function convertBoolean(text: string): Converted {
  const lower = text.toLowerCase();
  if (TRUE.has(lower)) return { value: true };
  return FALSE.has(lower) ? { value: false } : { message: "must be a boolean" };
}
