import { badRequest } from "../../errors/api-errors.ts";
import { MAX_LIST_VALUES } from "../limits.ts";
import { echo } from "../messages.ts";

/**
 * Parses `a,b,c`. A value with a comma or a quote is written `"a,b"`, with `""` for a quote. It stops at the limit,
 * whatever the length of the text. Throws BAD_REQUEST naming `origin` for unbalanced quotes and too many values.
 */
export function parseListValues(text: string, origin: string): readonly string[] {
  const values: string[] = [];
  let position = 0;
  for (;;) {
    if (values.length === MAX_LIST_VALUES) {
      throw badRequest(`${origin} lists more than ${MAX_LIST_VALUES} values: ${echo(text)}`);
    }
    const { value, end } = text[position] === '"' ? quotedAt(text, position) : plainAt(text, position);
    const isMalformed = value === null || (end < text.length && text[end] !== ",");
    if (isMalformed)
      throw badRequest(`${origin} has a misplaced quote: ${echo(text)} — write "a,b" and "" for a quote`);
    values.push(value);
    if (end >= text.length) return values;
    position = end + 1;
  }
}

interface Reading {
  /** Null if malformed. */
  readonly value: string | null;
  readonly end: number;
}

function plainAt(text: string, start: number): Reading {
  const comma = text.indexOf(",", start);
  const end = comma < 0 ? text.length : comma;
  const value = text.slice(start, end);
  return { value: value.includes('"') ? null : value, end };
}

function quotedAt(text: string, start: number): Reading {
  let value = "";
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return { value: null, end: text.length };
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    from = quote + 2;
  }
}
