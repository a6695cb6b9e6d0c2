import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { isInexact, scanJson } from "../../src/lib/exact-json.ts";
import { InexactNumber, parseJson } from "../../src/model/json.ts";

/** Any number as JSON may spell it. */
const numberText = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
    fc.option(fc.stringMatching(/^[0-9]{1,30}$/), { nil: undefined }),
    fc.option(fc.integer({ min: -330, max: 300 }), { nil: undefined }),
  )
  .map(([sign, whole, fraction, exponent]) => {
    return `${sign}${whole}${fraction === undefined ? "" : `.${fraction}`}${exponent === undefined ? "" : `e${exponent}`}`;
  });

/** The exact value as a fraction of integers. */
function rational(text: string): readonly [bigint, bigint] {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text) ?? [];
  const scale = Number(exponent) - fraction.length;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  return scale >= 0 ? [digits * 10n ** BigInt(scale), 1n] : [digits, 10n ** BigInt(-scale)];
}

function isSame(left: string, right: string): boolean {
  const [[a, b], [c, d]] = [rational(left), rational(right)];
  return a * d === c * b;
}

describe("a JSON text is read", () => {
  it("so that a number is a double exactly when writing it back gives the same number", () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const [, value] = parseJson(`["1234567890123456789",${text},{"a":1.5}]`) as readonly unknown[];
        const nearest = Number(text);
        if (!Number.isFinite(nearest) || isSame(text, String(nearest))) expect(value).toBe(nearest);
        else expect(value).toEqual(new InexactNumber(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("and written as it was, inexact numbers included", () => {
    fc.assert(
      fc.property(fc.array(numberText), (numbers) => {
        const texts =
          (JSON.stringify(parseJson(`[${numbers.join()}]`)).slice(1, -1) || undefined)?.split(",") ?? [];
        expect(texts).toHaveLength(numbers.length);
        for (const [i, text] of texts.entries())
          if (text !== "null") expect(isSame(text, numbers[i] ?? "")).toBe(true);
      }),
    );
  });

  it("like JSON.parse where all numbers are exact", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("like by a reviver with the source of each value, where some number is inexact", () => {
    const json = fc.json({ depthSize: "medium", stringUnit: "grapheme" });
    const texts = fc
      .tuple(json, numberText, json)
      .map((parts) => `[1e-400,${parts.join()},{"__proto__":1e-401}]`);
    const keep = (_: string, value: unknown, { source }: { source?: string } = {}) =>
      typeof value === "number" && source !== undefined && isInexact(source)
        ? new InexactNumber(source)
        : value;
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseJson(text);
        expect(read).toEqual(JSON.parse(text, keep));
        expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text, keep)));
      }),
    );
  });

  it("without a function for each value, which takes seconds for a body of a MiB", () => {
    const parse = vi.spyOn(JSON, "parse");
    expect(parseJson("[1e-400,0]")).toEqual([new InexactNumber("1e-400"), 0]);
    expect(parse.mock.calls.filter(([, reviver]) => reviver !== undefined)).toEqual([]);
  });

  it.each([
    ["1", 0],
    ['"[[["', 0],
    ['"\\"[["', 0],
    ["[[],[[]]]", 3],
    ['{"a":{"b":[1]}}', 3],
  ])("%s is nested %d deep", (text, depth) => {
    expect(scanJson(text).depth).toBe(depth);
  });
});
