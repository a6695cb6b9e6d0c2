import type { FieldMap } from "./map-fields.ts";
import { scanText } from "./scan-csv.ts";

const CANDIDATES = [",", ";", "\t", "|"];
/** A header that is longer is cut into its cells by a comma. */
const MAX_HEADER_CHARACTERS = 256 * 1024;

/** The delimiter that finds the most fields in the header line; a comma where all find as many. */
export function guessDelimiter(head: string, fields: FieldMap): string {
  const scores = CANDIDATES.map((delimiter) => ({
    delimiter,
    found: countFields(head, { delimiter, fields }),
  }));
  const best = scores.reduce((most, score) => (score.found > most.found ? score : most));
  return best.delimiter;
}

function countFields(head: string, { delimiter, fields }: { delimiter: string; fields: FieldMap }): number {
  for (const { cells } of scanText(head, { line: 1, delimiter, isLast: true })) {
    const isBlank = cells.length === 1 && cells[0] === null;
    if (!isBlank) return cells.filter((cell) => cell !== null && fields.guess(cell) !== undefined).length;
  }
  return 0;
}

export interface PeekedText {
  /** The text up to its first line that is not blank. */
  readonly head: string;
  /** All of the text, that one included. */
  readonly pieces: AsyncIterable<string>;
}

/** Reads as far as the header line goes. */
export async function peekHeader(pieces: AsyncIterable<string>): Promise<PeekedText> {
  const iterator = pieces[Symbol.asyncIterator]();
  let head = "";
  let isEnd = false;
  while (!isEnd && !/\S[^\r\n]*[\r\n]/.test(head) && head.length < MAX_HEADER_CHARACTERS) {
    const next = await iterator.next();
    if (next.done) isEnd = true;
    else head += next.value;
  }
  return { head: /^\s*[^\r\n]*/.exec(head)?.[0] ?? "", pieces: prepend(head, iterator) };
}

async function* prepend(head: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
