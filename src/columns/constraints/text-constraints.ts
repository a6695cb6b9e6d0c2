import { RE2JS } from "re2js";
import type { Column, ColumnConstraint } from "../../model/column.ts";
import { columnTypeOf } from "../registry.ts";
import { codePointsOf, maxLengthOf } from "../text.ts";
import type { Check, ConstraintType } from "./constraint-type.ts";
import { patternForEcmaScript } from "./pattern-for-ecmascript.ts";

/** Letters of any script, and the other characters that RFC 5322 allows in a word. */
const EMAIL_WORD = String.raw`[\p{L}\p{M}\p{N}!#$%&'*+/=?^_\x60{|}~-]+`;
const LABEL = String.raw`[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?`;
/** RFC 6531 as people write addresses: no quoted names, no comments, no IP address instead of a domain. */
const EMAIL = new RegExp(
  String.raw`^(?=.{1,64}@)${EMAIL_WORD}(?:\.${EMAIL_WORD})*@(?:${LABEL}\.)+(?!\p{N}+$)${LABEL}$`,
  "u",
);
const MAX_EMAIL_LENGTH = 254;
const MAX_PATTERN_LENGTH = 1000;
/**
 * The most pattern instructions of a column, times the characters of a text. Each takes some 30 ns if RE2 has to try
 * all: 1.5 s for the longest text, and a body can contain ten of them. A TEXT can have 500 instructions.
 */
const MAX_PATTERN_STEPS = 50_000_000;

const isText = (column: Column) => columnTypeOf(column).family === "text";
const takesNothing = (_: Column, { value }: ColumnConstraint) =>
  value === undefined ? undefined : "takes no value";

function textRule(
  name: string,
  rule: Pick<ConstraintType, "jsonSchema"> & { text: string; test(text: string): boolean },
): ConstraintType {
  const check: Check = (value) => rule.test(String(value));
  const { jsonSchema } = rule;
  return {
    name,
    fits: isText,
    problemOf: takesNothing,
    compile: () => check,
    message: () => rule.text,
    jsonSchema,
  };
}

function lengthRule(name: "MIN_LENGTH" | "MAX_LENGTH", keyword: string): ConstraintType {
  const isMin = name === "MIN_LENGTH";
  return {
    name,
    fits: isText,
    problemOf(_, { value }) {
      return /^\d{1,9}$/.test(String(value ?? "")) ? undefined : "must be a whole number of characters";
    },
    compile(_, { value }) {
      const limit = Number(value);
      return isMin
        ? (text) => codePointsOf(String(text)) >= limit
        : (text) => codePointsOf(String(text)) <= limit;
    },
    message: ({ value }) => `must be at ${isMin ? "least" : "most"} ${value} characters`,
    jsonSchema: (_, { value }) => ({ [keyword]: Number(value) }),
  };
}

/** Returns the size in RE2 instructions; undefined if RE2 cannot run the pattern. */
function sizeOf(pattern: string): number | undefined {
  try {
    return RE2JS.compile(pattern).programSize();
  } catch {
    return undefined;
  }
}

/** The size of the column's earlier patterns, which every text must match too. */
function sizeBefore({ constraints }: Column, constraint: ColumnConstraint): number {
  const patterns = constraints.filter(({ type }) => type === "PATTERN");
  const before = patterns.slice(0, Math.max(0, patterns.indexOf(constraint)));
  return before.reduce((sum, { value }) => sum + (sizeOf(String(value)) ?? 0), 0);
}

/** Searches: anchor it yourself. RE2 runs it in linear time. A pattern that RE2 cannot run is refused at definition. */
const pattern: ConstraintType = {
  name: "PATTERN",
  fits: isText,
  problemOf(column, constraint) {
    const { value } = constraint;
    if (typeof value !== "string" || value === "") return "must be a regular expression";
    if (value.length > MAX_PATTERN_LENGTH) return `must be at most ${MAX_PATTERN_LENGTH} characters`;
    const size = sizeOf(value);
    if (size === undefined)
      return "must be a regular expression that RE2 can run (no look-around, no back-references)";
    const length = maxLengthOf(column);
    const most = Math.floor(MAX_PATTERN_STEPS / length);
    const before = sizeBefore(column, constraint);
    if (before + size <= most) return undefined;
    const together = before > 0 ? ", together with the patterns before it," : "";
    return `must take at most ${most} RE2 instructions${together} for texts of up to ${length} characters, not ${before + size} — use shorter counted repetitions, or give the column a smaller length`;
  },
  compile(_, { value }) {
    const compiled = RE2JS.compile(String(value));
    return (text) => compiled.test(String(text));
  },
  compileSteps({ value }) {
    const size = sizeOf(String(value)) ?? 0;
    return (text) => size * String(text).length;
  },
  message: ({ value }) => `must match pattern ${value}`,
  jsonSchema(_, { value }) {
    const equivalent = patternForEcmaScript(String(value));
    return equivalent ? { pattern: equivalent.source } : {};
  },
};

export const textConstraints: readonly ConstraintType[] = [
  textRule("NOT_BLANK", {
    text: "must not be blank",
    test: (text) => text.trim() !== "",
    jsonSchema: () => ({ pattern: "\\S" }),
  }),
  lengthRule("MIN_LENGTH", "minLength"),
  lengthRule("MAX_LENGTH", "maxLength"),
  pattern,
  textRule("EMAIL", {
    text: "must be a valid email address",
    test: (text) => text.length <= MAX_EMAIL_LENGTH && EMAIL.test(text),
    jsonSchema: () => ({ format: "idn-email" }),
  }),
  textRule("URL", {
    text: "must be a valid URL",
    test: (text) => /^https?:\/\/\S+$/i.test(text) && URL.canParse(text),
    jsonSchema: () => ({ format: "iri", pattern: "^[Hh][Tt][Tt][Pp][Ss]?://" }),
  }),
];
