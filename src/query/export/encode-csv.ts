import { columnTypeOf } from "../../columns/registry.ts";
import type { Column } from "../../model/column.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";

/*
 * RFC 4180: CRLF, commas, quotes doubled. Each value has one spelling that an import reads back: null is an empty
 * cell, the empty text is `""`, a JSON column contains JSON (so the text 5 is `"5"`). docs/query-language.md.
 */

/**
 * Characters that a spreadsheet reads as the start of a formula (OWASP, CSV Injection). Leading apostrophes are
 * included, so that a text with an apostrophe and a formula differs from an escaped formula.
 */
const FORMULA_START = /^'*[=+\-@\t\r\n＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

export interface CsvOptions {
  /** Whether texts that a spreadsheet would run get an apostrophe in front. */
  readonly escapesFormulas: boolean;
}

export const encodeCsvHeader = (columns: readonly Column[]): string =>
  `${columns.map(({ name }) => quote(name)).join(",")}\r\n`;

export function encodeCsvRecords(
  columns: readonly Column[],
  records: readonly JsonObject[],
  { escapesFormulas }: CsvOptions,
): string {
  const cells = columns.map((column) => {
    const { family } = columnTypeOf(column);
    const isEscaped = escapesFormulas && (family === "text" || family === "enum");
    return { name: column.name, spell: family === "json" ? spellJson : isEscaped ? escapeFormula : String };
  });
  return records
    .map((record) => cells.map(({ name, spell }) => encodeCell(record[name], spell)).join(","))
    .map((line) => `${line}\r\n`)
    .join("");
}

function encodeCell(value: JsonValue | undefined, spell: (value: JsonValue) => string): string {
  if (value === null || value === undefined) return "";
  const text = spell(value);
  return text === "" ? '""' : quote(text);
}

const spellJson = (value: JsonValue) => JSON.stringify(value);

const escapeFormula = (value: JsonValue): string => {
  const text = String(value);
  return FORMULA_START.test(text) ? `'${text}` : text;
};

const quote = (text: string): string => (NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
