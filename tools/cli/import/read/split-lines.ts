export interface Line {
  /** Counts from 1. */
  readonly line: number;
  readonly text: string;
}

export interface TextLine extends Line {
  /** False for a last line without a line end. */
  readonly isWhole: boolean;
}

/** Splits a text that arrives in pieces into lines. Only `\n` ends one: JSON may hold all other line separators. */
export async function* splitLines(pieces: AsyncIterable<string>): AsyncGenerator<TextLine> {
  let rest = "";
  let line = 1;
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) yield { line: line++, text, isWhole: true };
  }
  if (rest !== "") yield { line, text: rest, isWhole: false };
}
