export interface Line {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

export interface TextLine extends Line {
  /** False for a last line without its end. */
  readonly isWhole: boolean;
}

/** The lines of a text that comes in pieces. Only `\n` ends one: JSON may hold all other line separators. */
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
