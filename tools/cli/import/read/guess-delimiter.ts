import type { FieldMap } from "../map-fields.ts";
import { scanText } from "./scan-csv.ts";

const CANDIDATES = [",", ";", "\t", "|"];
/** How far to look for the end of the header line. */
const MAX_HEADER_CHARACTERS = 256 * 1024;

/** Returns the delimiter that finds the most fields in the header line; the comma if several find as many. */
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
  /** The text up to the end of its first line that is not blank. */
  readonly head: string;
  /** The whole text, including the head. */
  readonly pieces: AsyncIterable<string>;
}

/** Reads up to the end of the header line. */
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
