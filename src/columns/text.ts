import type { JsonValue } from "../model/json.ts";
import type { Parsed } from "./column-type.ts";
import { accept, refuse } from "./parsed.ts";

/** Length in code points, as the contract counts. */
export function codePointsOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** A text that every layer holds identically: valid Unicode without NUL, at most `most` code points. */
export function parseStoredText(text: string, most: number): Parsed {
  if (!text.isWellFormed() || text.includes("\0"))
    return refuse("must be valid Unicode text without null characters");
  if (text.length > most && codePointsOf(text) > most) return refuse(`must be at most ${most} characters`);
  return accept(text);
}

/** For types whose JSON form is a string: other values get the same message as unreadable strings. */
export function parseString(value: JsonValue, read: (text: string) => Parsed, message: string): Parsed {
  return typeof value === "string" ? read(value) : refuse(message);
}
