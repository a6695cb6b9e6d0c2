import { columnTypeOf } from "../../columns/registry.ts";
import type { Column } from "../../model/column.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";

/* RFC 4180: CRLF, commas, quotes doubled. Null is an empty cell, the empty text is `""`. */

/** What a spreadsheet takes for the start of a formula (OWASP, CSV Injection). */
const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

export const encodeCsvHeader = (columns: readonly Column[]): string =>
  `${columns.map(({ name }) => quote(name)).join(",")}\r\n`;

export function encodeCsvRecords(columns: readonly Column[], records: readonly JsonObject[]): string {
  const cells = columns.map((column) => {
    const isFreeText = ["text", "enum", "json"].includes(columnTypeOf(column).family);
    return { name: column.name, isFreeText };
  });
  return records
    .map((record) => cells.map(({ name, isFreeText }) => encodeCell(record[name], isFreeText)).join(","))
    .map((line) => `${line}\r\n`)
    .join("");
}

/** Text that a spreadsheet would run is neutralised by a leading apostrophe; numbers keep their sign. */
function encodeCell(value: JsonValue | undefined, isFreeText: boolean): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (text === "") return '""';
  return quote(isFreeText && typeof value === "string" && FORMULA_START.test(text) ? `'${text}` : text);
}

const quote = (text: string): string => (NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
