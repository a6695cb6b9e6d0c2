import type { Column } from "../model/column.ts";
import type { JsonValue } from "../model/json.ts";
import type { Parsed } from "./column-type.ts";
import { accept, refuse } from "./parsed.ts";

/** The code points of a TEXT, and the longest `length` of a VARCHAR. */
export const MAX_TEXT_LENGTH = 100_000;
export const DEFAULT_VARCHAR_LENGTH = 255;

/** The most code points of a VARCHAR or TEXT. */
export const maxLengthOf = ({ type, length = DEFAULT_VARCHAR_LENGTH }: Column): number =>
  type === "VARCHAR" ? length : MAX_TEXT_LENGTH;

/** The characters of a value that is neither text nor JSON. */
const MAX_SHORT_LENGTH = 255;

/** Whether values are texts of varying length. */
export const hasLength = ({ type }: Column): boolean => ["TEXT", "JSON", "VARCHAR"].includes(type);

/** The characters that a stored value of the column can have. */
export const longestValueOf = (column: Column): number =>
  hasLength(column) ? maxLengthOf(column) : MAX_SHORT_LENGTH;

/** The length in code points, as in the contract. */
export function codePointsOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Compares by code point: surrogates stand for higher code points than the units U+E000 to U+FFFF. */
export function compareTexts(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = rankOf(left.charCodeAt(i)) - rankOf(right.charCodeAt(i));
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(left.length - right.length);
}

const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;
const SURROGATES_LAST = 0x10000;
const rankOf = (unit: number) =>
  unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE ? unit + SURROGATES_LAST : unit;

/** The problem of a text that cannot be stored. */
export const UNSTORABLE_TEXT = "must be valid Unicode text without null characters";

/** Whether every layer can store the text: it is valid Unicode without NUL. */
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

/** The JSON Schema of texts without NUL. No pattern for lone surrogates works in every engine. */
export const HAS_NUL = { type: "string", pattern: "\\x00" };

/** A text that every layer can store, of at most `most` code points. */
export function parseStoredText(text: string, most: number): Parsed {
  if (!isStorableText(text)) return refuse(UNSTORABLE_TEXT);
  if (text.length > most && codePointsOf(text) > most)
    return refuse(`must be at most ${most} characters`, text);
  return accept(text);
}

/** For types whose JSON form is a string: other values get the same message as invalid strings. */
export function parseString(value: JsonValue, read: (text: string) => Parsed, message: string): Parsed {
  return typeof value === "string" ? read(value) : refuse(message);
}

/** A text as an SQL literal. */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
