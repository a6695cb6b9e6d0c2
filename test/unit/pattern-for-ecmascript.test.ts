import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { patternForEcmaScript } from "../../src/columns/constraints/pattern-for-ecmascript.ts";

/** Patterns as people define them, and the published source; undefined if the rule is published in words. */
const patterns: readonly (readonly [string, string | undefined])[] = [
  ["^[A-Z]{3}$", "^[A-Z]{3}$"],
  ["^97[89]-?\\d{1,5}-?\\d+-?\\d+-?[\\dX]$", "^97[89]-?[0-9]{1,5}-?[0-9]+-?[0-9]+-?[0-9X]$"],
  ["^a.c$", "^a[^\\n]c$"],
  ["^\\S+$", "^[^\\t\\n\\f\\r ]+$"],
  ["a\\sb", "a[\\t\\n\\f\\r ]b"],
  ["^[\\s\\w-]*$", "^[\\t\\n\\f\\r 0-9A-Za-z_\\-]*$"],
  ["\\bcat\\b", "\\bcat\\b"],
  ["^(?:a|b|)c$", "^(?:a|b|)c$"],
  ["^(ab)*?c{2,}$", "^(ab)*?c{2,}$"],
  ["^\\D\\W$", "^[^0-9][^0-9A-Za-z_]$"],
  ["^[^a-c]$", "^[^a-c]$"],
  ["^[-a]|[b-]$", "^[\\-a]|[b\\-]$"],
  ["^[[.]$", "^[\\[.]$"],
  ["^\\@\\-\\/x/$", "^@-\\/x\\/$"],
  ["^a}b]$", "^a\\}b\\]$"],
  ["^\\x41\\t\\v$", "^A\\x09\\x0b$"],
  ["^é+$", "^é+$"],
  ["^(a*)*$", "^(a*)*$"],
  ["(?i)abc", undefined],
  ["(?i:a)", undefined],
  ["(?s:.)", undefined],
  ["(?P<year>\\d{4})", undefined],
  ["[[:alpha:]]+", undefined],
  ["\\pL", undefined],
  ["\\p{Greek}", undefined],
  ["\\Aabc\\z", undefined],
  ["^[]a]$", undefined],
  ["\\Q.\\E", undefined],
  ["\\x{1F600}", undefined],
  ["😀", undefined],
  ["a{,3}", undefined],
  ["\\Ba", undefined],
  ["^*a", undefined],
  ["[\\S]", undefined],
];

const texts = [
  ..."aAbcC1X-_ .[]{}/@é😀\t\n\v\f\r\u0085\u00a0\u2028\ufeff",
  ..."ac aac a\nc a\rc a\u2028c a\u00a0b a\vb a\tb abc ABC cat concat cc ababcc bc".split(" "),
  ..."978-3-16-148410-0 9783161484100 @-/x/ a}b] A\t\v éé ab\n \n ^ a-c".split(" "),
  "",
  "the cat sat",
  "a b",
];

describe("a pattern in the document", () => {
  it.each(patterns)("%s is published as %s", (pattern, source) => {
    expect(() => RE2JS.compile(pattern)).not.toThrow();
    expect(patternForEcmaScript(pattern)?.source).toBe(source);
  });

  const equivalent = patterns.filter(([, source]) => source !== undefined);
  it.each(equivalent)("%s accepts in ECMAScript what it accepts in RE2", (pattern, source = "") => {
    const re2 = RE2JS.compile(pattern);
    const ecma = new RegExp(source, "u");
    for (const text of texts) expect([text, ecma.test(text)]).toEqual([text, re2.test(text)]);
  });

  it("means the same for every small pattern", () => {
    let count = 0;
    for (const pattern of smallPatterns()) {
      const equivalent = patternForEcmaScript(pattern);
      const re2 = compiled(pattern);
      if (!equivalent || !re2) continue;
      count++;
      const ecma = new RegExp(equivalent.source, "u");
      const differing = texts.filter((text) => ecma.test(text) !== re2.test(text));
      expect([pattern, equivalent.source, differing]).toEqual([pattern, equivalent.source, []]);
    }
    expect(count).toBeGreaterThan(1_000);
  });

  it.each(equivalent)("%s has a text that matches it", (pattern) => {
    const re2 = RE2JS.compile(pattern);
    const found = [0, 1, 2].map((more) => patternForEcmaScript(pattern)?.text(more) ?? "");
    expect(found.some((text) => re2.test(text))).toBe(true);
  });
});

function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}

/** Every sequence of three of these parts between `^` and `$`. */
function* smallPatterns(): Generator<string> {
  const parts = [
    "a",
    ".",
    "\\s",
    "\\S",
    "\\d",
    "\\W",
    "[^a]",
    "[a-]",
    "[\\s.]",
    "(",
    ")",
    "|",
    "*",
    "?",
    "{2}",
    "\\b",
    "-",
    "]",
  ];
  for (const first of parts)
    for (const second of parts) for (const third of parts) yield `^${first}${second}${third}$`;
}
