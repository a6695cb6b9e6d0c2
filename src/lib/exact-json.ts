import { readDecimal } from "./decimal-text.ts";
import { newId } from "./ids.ts";

/* JSON whose numbers do not change silently: finds numbers that a double cannot represent. */

/** Every decimal with up to this many digits survives as a double. */
const SAFE_DIGITS = 15;

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];
const [PLUS, MINUS, POINT, NINE, SMALL_E, BIG_E] = [0x2b, 0x2d, 0x2e, 0x39, 0x65, 0x45];

export interface JsonScan {
  /** Levels of nesting. */
  readonly depth: number;
  /** The positions of finite numbers that change when they become doubles. */
  readonly inexact: readonly TextRange[];
}

export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Scans a valid JSON text once. */
export function scanJson(text: string): JsonScan {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  const inexact: TextRange[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (isInString) {
      if (character === BACKSLASH) i++;
      else if (character === QUOTE) isInString = false;
    } else if (character >= MINUS && character <= NINE) {
      const signedEnd = endOfNumber(text, i);
      const end = Math.abs(signedEnd);
      const mayBeInexact = signedEnd < 0 || end - i > SAFE_DIGITS;
      if (mayBeInexact && isInexact(text.slice(i, end))) inexact.push({ start: i, end });
      i = end - 1;
    } else if (character === QUOTE) isInString = true;
    else if (character === OPEN_BRACKET || character === OPEN_BRACE) deepest = Math.max(deepest, ++depth);
    else if (character === CLOSE_BRACKET || character === CLOSE_BRACE) depth--;
  }
  return { depth: deepest, inexact };
}

/** Returns the end of the number, as a negative number if it has an exponent. */
function endOfNumber(text: string, start: number): number {
  let end = start;
  let sign = 1;
  for (let character = text.charCodeAt(end); isOfNumber(character); character = text.charCodeAt(++end)) {
    if (character === SMALL_E || character === BIG_E) sign = -1;
  }
  return sign * end;
}

const isOfNumber = (character: number) =>
  (character >= POINT && character <= NINE) ||
  character === SMALL_E ||
  character === BIG_E ||
  character === MINUS ||
  character === PLUS;

/** Whether a JSON number changes as a double. Infinite numbers are not doubles. */
export function isInexact(text: string): boolean {
  const value = Number(text);
  const written = String(value);
  if (written === text || !Number.isFinite(value)) return false;
  const [sent, kept] = [readDecimal(text), readDecimal(written)];
  if (sent?.digits === "" && kept?.digits === "") return false;
  return sent?.digits !== kept?.digits || sent?.exponent !== kept?.exponent;
}

/**
 * Parses valid JSON. `keep` converts the text of each inexact number. A reviver with access to source text would do the
 * same, but takes two seconds for a body of 1 MiB.
 */
export function parseKeeping(
  text: string,
  inexact: readonly TextRange[],
  keep: (number: string) => unknown,
): unknown {
  const mark = newId("number");
  const root: unknown[] = [JSON.parse(withMarks(text, inexact, mark))];
  const unread: Container[] = [root];
  const read = (container: Container, key: number | string) => {
    const value = container[key as never] as unknown;
    if (typeof value === "object" && value !== null) unread.push(value as Container);
    else if (typeof value === "string" && value.startsWith(mark))
      container[key as never] = keep(value.slice(mark.length)) as never;
  };
  for (let container = unread.pop(); container; container = unread.pop()) {
    if (Array.isArray(container)) for (let i = 0; i < container.length; i++) read(container, i);
    else for (const key of Object.keys(container)) read(container, key);
  }
  return root[0];
}

type Container = unknown[] | Record<string, unknown>;

/** The text with each inexact number replaced by a string that begins with the mark. */
function withMarks(text: string, inexact: readonly TextRange[], mark: string): string {
  let marked = "";
  let from = 0;
  for (const { start, end } of inexact) {
    marked += `${text.slice(from, start)}"${mark}${text.slice(start, end)}"`;
    from = end;
  }
  return marked + text.slice(from);
}
