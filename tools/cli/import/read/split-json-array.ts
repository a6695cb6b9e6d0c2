import { usageError } from "../../exit-codes.ts";
import type { Place } from "./source-row.ts";

const NOT_AN_ARRAY = "The file must hold one JSON array of objects; NDJSON files end in .ndjson.";

type Element = Required<Place> & { readonly text: string };

/**
 * Splits one JSON array, which arrives in pieces, into the texts of its elements, each with its number and line. It looks
 * only at quotes and brackets: an element may still be invalid JSON. Throws OperatorError when the text is not an array, or
 * is cut off.
 */
export async function* splitJsonArray(pieces: AsyncIterable<string>): AsyncGenerator<Element> {
  const splitter = new ArraySplitter();
  for await (const piece of pieces) yield* splitter.push(piece);
  splitter.end();
}

class ArraySplitter {
  #state: "BEFORE" | "INSIDE" | "AFTER" = "BEFORE";
  /** Open brackets within the element. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #line = 1;
  /** Elements so far. */
  #count = 0;
  /** The text of the current element, and its first line; 0 between elements. */
  #text = "";
  #begin = 0;

  *push(piece: string): Generator<Element> {
    let from = 0;
    for (let i = 0; i < piece.length; i++) {
      const character = piece.charAt(i);
      if (character === "\n") this.#line++;
      if (this.#isInString) this.#readInString(character);
      else if (this.#state !== "INSIDE") {
        this.#readOutside(character);
        from = i + 1;
      } else if (this.#depth === 0 && (character === "," || character === "]")) {
        this.#text += piece.slice(from, i);
        yield* this.#take(character);
        from = i + 1;
      } else this.#readInside(character);
    }
    if (this.#state === "INSIDE") this.#text += piece.slice(from);
  }

  end(): void {
    if (this.#state === "BEFORE") throw usageError(NOT_AN_ARRAY);
    if (this.#state === "INSIDE")
      throw usageError(`The JSON array is cut off at line ${this.#line}. Nothing was written.`);
  }

  #readOutside(character: string): void {
    if (/\s/.test(character)) return;
    if (this.#state === "AFTER" || character !== "[") throw usageError(NOT_AN_ARRAY);
    this.#state = "INSIDE";
  }

  #readInString(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === "\\") this.#isEscaped = true;
    else if (character === '"') this.#isInString = false;
  }

  #readInside(character: string): void {
    if (this.#begin === 0 && !/\s/.test(character)) this.#begin = this.#line;
    if (character === '"') this.#isInString = true;
    else if (character === "{" || character === "[") this.#depth++;
    else if (character === "}" || character === "]") this.#depth--;
  }

  *#take(end: "," | "]"): Generator<Element> {
    const isEmptyArray = end === "]" && this.#begin === 0;
    if (!isEmptyArray) yield { line: this.#begin || this.#line, item: ++this.#count, text: this.#text };
    this.#text = "";
    this.#begin = 0;
    if (end === "]") this.#state = "AFTER";
  }
}
