import { usageError } from "../../exit-codes.ts";

/* RFC 4180, with any one-character delimiter and any line end. A bad quote costs its row, not the file. */

/** More than the largest body: a row that is longer has lost its closing quote. */
const MAX_RECORD_CHARACTERS = 2 * 1024 * 1024;

export interface CsvRecord {
  /** Its first line, from 1. */
  readonly line: number;
  /** Null for nothing between the delimiters; `""` is the empty text. */
  readonly cells: readonly (string | null)[];
  /** Why the line cannot be split into cells; `cells` then holds the whole line. */
  readonly problem?: string;
}

/**
 * Reads the records of a CSV file that arrives in pieces. Throws OperatorError when a quoted cell of several lines does not
 * end properly: nobody can tell which of the following lines belong to it.
 */
export async function* scanCsv(pieces: AsyncIterable<string>, delimiter: string): AsyncGenerator<CsvRecord> {
  let rest = "";
  let line = 1;
  for await (const piece of pieces) {
    const text = rest + piece;
    const from = yield* scanText(text, { line, delimiter, isLast: false });
    line = from.line;
    rest = text.slice(from.at);
    if (rest.length > MAX_RECORD_CHARACTERS) throw lostAt(line, "its first row does not end");
  }
  yield* scanText(rest, { line, delimiter, isLast: true });
}

interface Scanning {
  /** The line at the beginning of the text. */
  readonly line: number;
  readonly delimiter: string;
  /** Whether the file ends with the text. */
  readonly isLast: boolean;
}

/** Yields the records that end within the text. Returns where the next one begins. */
export function* scanText(text: string, { line, delimiter, isLast }: Scanning) {
  let at = 0;
  while (at < text.length) {
    const scanned = scanRecord(text, at, { line, delimiter, isLast });
    if (!scanned) break;
    const { end, ...record } = scanned;
    yield { line, ...record } satisfies CsvRecord;
    line += countLines(text, at, end);
    at = end;
  }
  return { at, line };
}

type ScannedRecord = Omit<CsvRecord, "line"> & { readonly end: number };

/** Returns the record that begins at `from`; undefined if its end is not in the text. */
function scanRecord(text: string, from: number, scanning: Scanning): ScannedRecord | undefined {
  const { line, delimiter, isLast } = scanning;
  const cells: (string | null)[] = [];
  for (let at = from; ; ) {
    const opensInLine = text[at] === '"' ? line + countLines(text, from, at) : undefined;
    const cell = opensInLine
      ? scanQuoted(text, at, { ...scanning, line: opensInLine })
      : scanPlain(text, at, delimiter.charCodeAt(0));
    if (!cell) return undefined;
    if ("problem" in cell) return brokenLine(text, from, { ...cell, isLast });
    cells.push(cell.value);
    if (text[cell.end] === delimiter) at = cell.end + 1;
    else {
      const end = endOfLine(text, cell.end, isLast);
      return end === undefined ? undefined : { cells, end };
    }
  }
}

type Cell = { readonly value: string | null; readonly end: number } | Problem;
interface Problem {
  readonly problem: string;
  readonly at: number;
}

const [QUOTE, LINE_FEED, CARRIAGE_RETURN] = [0x22, 0x0a, 0x0d];

function scanPlain(text: string, from: number, delimiter: number): Cell {
  let end = from;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === delimiter || code === LINE_FEED || code === CARRIAGE_RETURN) break;
    if (code === QUOTE)
      return { problem: "A quote stands inside a cell that does not begin with one", at: end };
  }
  return { value: end === from ? null : text.slice(from, end), end };
}

/** `line` is the cell's first one. Returns undefined if the closing quote, or what follows it, is not in the text. */
function scanQuoted(text: string, from: number, { line, delimiter, isLast }: Scanning): Cell | undefined {
  let quote = text.indexOf('"', from + 1);
  while (quote !== -1 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  const end = quote + 1;
  const hasEnd = quote !== -1 && (end < text.length || isLast);
  if (!hasEnd) {
    if (isLast) throw lostAt(line, "a quote opens there and never closes");
    return undefined;
  }
  const next = text[end];
  if (next === undefined || next === delimiter || next === "\n" || next === "\r") {
    return { value: text.slice(from + 1, quote).replaceAll('""', '"'), end };
  }
  const lines = countLines(text, from, quote);
  if (lines > 0)
    throw lostAt(line, `a quote opens there, and text follows where it closes, in line ${line + lines}`);
  return { problem: "Text follows the quote that closes a cell", at: end };
}

/** Makes the whole line one record with a problem. */
function brokenLine(
  text: string,
  from: number,
  { problem, at, isLast }: Problem & { readonly isLast: boolean },
): ScannedRecord | undefined {
  let stop = at;
  while (stop < text.length && text[stop] !== "\n" && text[stop] !== "\r") stop++;
  const end = endOfLine(text, stop, isLast);
  return end === undefined ? undefined : { cells: [text.slice(from, stop)], end, problem };
}

/** Returns the place after the line end at `at`; undefined if the line end may be cut. */
function endOfLine(text: string, at: number, isLast: boolean): number | undefined {
  if (at >= text.length) return isLast ? at : undefined;
  if (text[at] === "\n") return at + 1;
  if (at + 1 === text.length && !isLast) return undefined;
  return text[at + 1] === "\n" ? at + 2 : at + 1;
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count === 0 && text[to - 1] === "\r" ? 1 : count;
}

const lostAt = (line: number, why: string) =>
  usageError(`The CSV cannot be read from line ${line} on: ${why}. Nothing was written.`);
