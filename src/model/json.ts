import { parseKeeping, scanJson, type TextRange } from "../lib/exact-json.ts";

export type JsonValue = null | boolean | number | string | InexactNumber | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

declare global {
  interface JSON {
    /** A value that `JSON.stringify` writes as `text`. https://tc39.es/proposal-json-parse-with-source */
    rawJSON(text: string): object;
  }
}

/** A finite number of a JSON text that a double cannot represent, kept as it was sent. */
export class InexactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): object {
    return JSON.rawJSON(this.text);
  }
}

/** A JSON object as parsed from a body: not null, not an array, not a number. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof InexactNumber)
  );
}

/** Parses JSON and keeps the digits of inexact numbers. Throws SyntaxError. */
export function parseJson(text: string): JsonValue {
  const value: JsonValue = JSON.parse(text);
  const { inexact } = scanJson(text);
  return inexact.length > 0 ? parseExactly(text, inexact) : value;
}

/** The same as parseJson, for a text with inexact numbers. */
export const parseExactly = (text: string, inexact: readonly TextRange[]): JsonValue =>
  parseKeeping(text, inexact, (number) => new InexactNumber(number)) as JsonValue;
