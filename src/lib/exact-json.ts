import { readDecimal } from "./decimal-text.ts";

/* JSON whose numbers do not change silently: finds numbers that a double cannot hold. */

/** Every decimal with up to this many digits survives as a double. */
const SAFE_DIGITS = 15;

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];
const [PLUS, MINUS, POINT, NINE, SMALL_E, BIG_E] = [0x2b, 0x2d, 0x2e, 0x39, 0x65, 0x45];

export interface JsonScan {
  /** Levels of nesting. */
  readonly depth: number;
  /** Whether some finite number changes when it becomes a double. */
  readonly hasInexactNumber: boolean;
}

/** Scans a valid JSON text once. */
export function scanJson(text: string): JsonScan {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  let digits = 0;
  let numberStart = 0;
  let hasInexactNumber = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (isInString) {
      if (character === BACKSLASH) i++;
      else if (character === QUOTE) isInString = false;
    } else if (character >= POINT && character <= NINE) {
      if (digits === 0) numberStart = i;
      if (++digits > SAFE_DIGITS && !hasInexactNumber) {
        const end = endOfNumber(text, i);
        hasInexactNumber = isInexact(text.slice(numberStart, end));
        i = end - 1;
      }
    } else if ((character === SMALL_E || character === BIG_E) && digits > 0) {
      hasInexactNumber ||= isInexact(text.slice(numberStart, endOfNumber(text, i)));
    } else {
      digits = 0;
      if (character === QUOTE) isInString = true;
      else if (character === OPEN_BRACKET || character === OPEN_BRACE) deepest = Math.max(deepest, ++depth);
      else if (character === CLOSE_BRACKET || character === CLOSE_BRACE) depth--;
    }
  }
  return { depth: deepest, hasInexactNumber };
}

function endOfNumber(text: string, from: number): number {
  let end = from;
  while (isOfNumber(text.charCodeAt(end))) end++;
  return end;
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

/** Parses valid JSON. `keep` converts the text of each number that a double cannot hold. */
export function parseKeeping(text: string, keep: (number: string) => unknown): unknown {
  return JSON.parse(text, (_, value, context?: { readonly source?: string }) => {
    const { source } = context ?? {};
    return typeof value === "number" && source !== undefined && isInexact(source) ? keep(source) : value;
  });
}
