/*
 * RE2 patterns that mean the same in ECMAScript (2018, flag `u`), with texts that match them. The two differ: `.` and
 * `\s` match other characters, and `(?i)` and `[[:alpha:]]` are errors or mean something else. Known patterns are
 * rewritten so that both agree; all others have no equivalent.
 */

export interface EcmaScriptPattern {
  /** The pattern for ECMAScript. */
  readonly source: string;
  /**
   * A text that matches if assertions such as `\b` hold. `more` repetitions are added where the pattern allows them.
   */
  text(more: number): string;
}

interface Reader {
  readonly pattern: string;
  at: number;
}

type Range = readonly [from: number, to: number];

class NoEquivalent extends Error {}

/** Returns undefined for patterns that may mean something else in ECMAScript. */
export function patternForEcmaScript(pattern: string): EcmaScriptPattern | undefined {
  const reader: Reader = { pattern, at: 0 };
  try {
    const read = readAlternatives(reader);
    if (reader.at < pattern.length) return undefined;
    new RegExp(read.source, "u");
    return read;
  } catch (thrown) {
    if (thrown instanceof NoEquivalent || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

const peek = ({ pattern, at }: Reader) => pattern.charAt(at);
const take = (reader: Reader) => reader.pattern.charAt(reader.at++);

function takeIf(reader: Reader, text: string): boolean {
  if (!reader.pattern.startsWith(text, reader.at)) return false;
  reader.at += text.length;
  return true;
}

function fail(): never {
  throw new NoEquivalent();
}

function readAlternatives(reader: Reader): EcmaScriptPattern {
  const options = [readSequence(reader)];
  while (takeIf(reader, "|")) options.push(readSequence(reader));
  return {
    source: options.map(({ source }) => source).join("|"),
    text: (more) => options[0]?.text(more) ?? "",
  };
}

function readSequence(reader: Reader): EcmaScriptPattern {
  const parts: EcmaScriptPattern[] = [];
  while (reader.at < reader.pattern.length && !"|)".includes(peek(reader))) parts.push(readRepeated(reader));
  return {
    source: parts.map(({ source }) => source).join(""),
    text: (more) => parts.map((part) => part.text(more)).join(""),
  };
}

const QUANTIFIER = /^(?:[*+?]|\{(\d{1,4})(,)?(\d{1,4})?\})\??/;

function readRepeated(reader: Reader): EcmaScriptPattern {
  const start = peek(reader);
  const part = readPart(reader);
  const [quantifier = "", low, comma, high] = QUANTIFIER.exec(reader.pattern.slice(reader.at)) ?? [];
  if (quantifier === "") return part;
  if (start === "^" || start === "$" || part.source === "\\b") fail();
  reader.at += quantifier.length;
  const least = low === undefined ? Number(quantifier.startsWith("+")) : Number(low);
  const isExact = low !== undefined && comma === undefined;
  const most = isExact ? least : quantifier.startsWith("?") ? 1 : Number(high ?? Number.POSITIVE_INFINITY);
  return {
    source: part.source + quantifier,
    text: (more) => part.text(more).repeat(Math.min(least + more, most)),
  };
}

function readPart(reader: Reader): EcmaScriptPattern {
  const character = take(reader);
  if (character === "(") return readGroup(reader);
  if (character === "[") return readClass(reader);
  if (character === "\\") return readEscape(reader);
  if (character === ".") return setOf("[^\\n]", [[10, 10]], true);
  if (character === "^" || character === "$") return { source: character, text: () => "" };
  if ("*+?{".includes(character)) fail();
  return literal(character);
}

function readGroup(reader: Reader): EcmaScriptPattern {
  const opening = takeIf(reader, "?:") ? "(?:" : "(";
  if (peek(reader) === "?") fail();
  const inner = readAlternatives(reader);
  if (!takeIf(reader, ")")) fail();
  return { source: `${opening}${inner.source})`, text: inner.text };
}

/** Characters that ECMAScript, with the flag `u`, requires to be escaped. */
const SYNTAX = "^$\\.*+?()[]{}|/";
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };
const SPACES: readonly Range[] = [
  [9, 10],
  [12, 13],
  [32, 32],
];
const CLASSES: Readonly<Record<string, { readonly inside: string; readonly ranges: readonly Range[] }>> = {
  d: { inside: "0-9", ranges: [[48, 57]] },
  w: {
    inside: "0-9A-Za-z_",
    ranges: [
      [97, 122],
      [65, 90],
      [48, 57],
      [95, 95],
    ],
  },
  s: { inside: "\\t\\n\\f\\r ", ranges: SPACES },
};

function readEscape(reader: Reader): EcmaScriptPattern {
  if (takeIf(reader, "b")) return { source: "\\b", text: () => "" };
  const known = CLASSES[peek(reader).toLowerCase()];
  if (!known) return literal(readEscaped(reader));
  const isNegated = /[A-Z]/.test(take(reader));
  return setOf(`[${isNegated ? "^" : ""}${known.inside}]`, known.ranges, isNegated);
}

/** Returns the one character that an escape stands for. */
function readEscaped(reader: Reader): string {
  const character = take(reader);
  const control = CONTROLS[character];
  if (control !== undefined) return String.fromCharCode(control);
  if (character === "x") {
    const [digits = fail()] = /^[0-9A-Fa-f]{2}/.exec(reader.pattern.slice(reader.at)) ?? [];
    reader.at += digits.length;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
  return /^[!-/:-@[-`{-~]$/.test(character) ? character : fail();
}

function literal(character: string): EcmaScriptPattern {
  return { source: escaped(character, SYNTAX), text: () => character };
}

/** Engines without the flag `u` count characters beyond the first 65,536 as two. */
function escaped(character: string, syntax: string): string {
  const code = character.charCodeAt(0);
  if (character === "" || (code >= 0xd800 && code <= 0xdfff)) fail();
  if (code < 32 || code === 127) return `\\x${code.toString(16).padStart(2, "0")}`;
  return syntax.includes(character) ? `\\${character}` : character;
}

const CLASS_SYNTAX = "\\]^-[";

function readClass(reader: Reader): EcmaScriptPattern {
  const isNegated = takeIf(reader, "^");
  if (peek(reader) === "]") fail();
  const ranges: Range[] = [];
  let inside = "";
  while (!takeIf(reader, "]")) {
    const item = readClassItem(reader);
    inside += item.inside;
    ranges.push(...item.ranges);
  }
  return setOf(`[${isNegated ? "^" : ""}${inside}]`, ranges, isNegated);
}

function readClassItem(reader: Reader): { readonly inside: string; readonly ranges: readonly Range[] } {
  const [, name = ""] = /^\\([dws])/.exec(reader.pattern.slice(reader.at)) ?? [];
  const known = CLASSES[name];
  if (known) {
    reader.at += 2;
    return known;
  }
  const isFirst = /\[\^?$/.test(reader.pattern.slice(0, reader.at));
  const from = readClassCharacter(reader, isFirst);
  const isRange = peek(reader) === "-" && reader.pattern.charAt(reader.at + 1) !== "]";
  if (isRange) reader.at++;
  const to = isRange ? readClassCharacter(reader, false) : from;
  const [low, high] = [from.charCodeAt(0), to.charCodeAt(0)];
  if (low > high) fail();
  const last = isRange ? `-${escaped(to, CLASS_SYNTAX)}` : "";
  return { inside: escaped(from, CLASS_SYNTAX) + last, ranges: [[low, high]] };
}

function readClassCharacter(reader: Reader, isFirst: boolean): string {
  const character = take(reader);
  if (character === "\\") return readEscaped(reader);
  if (character === "[" && peek(reader) === ":") fail();
  if (character === "-" && !isFirst && peek(reader) !== "]") fail();
  return character === "" ? fail() : character;
}

/** Candidates for a readable text, in this order. */
const PREFERRED = ["a", "A", "1", "-", "_", " "];

function setOf(source: string, ranges: readonly Range[], isNegated: boolean): EcmaScriptPattern {
  const has = (character: string) => {
    const code = character.charCodeAt(0);
    return ranges.some(([from, to]) => code >= from && code <= to) !== isNegated;
  };
  const [[first] = [0]] = ranges;
  const character = PREFERRED.find(has) ?? String.fromCharCode(first);
  return { source, text: () => character };
}
