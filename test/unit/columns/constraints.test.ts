import { describe, expect, it } from "vitest";
import { constraintTypes } from "../../../src/columns/constraints/registry.ts";
import { PatternBudget } from "../../../src/columns/pattern-budget.ts";
import { recordValidatorOf } from "../../../src/columns/validate-record.ts";
import type { JsonValue } from "../../../src/model/json.ts";
import { columnOf, entityOf } from "../../support/columns.ts";

const NOW = { iso: "2026-06-15T12:00:00.000Z", generateUuid: () => "00000000-0000-7000-8000-000000000000" };

interface Case {
  readonly column: object;
  readonly value?: string | number;
  readonly accepted: readonly JsonValue[];
  readonly refused: readonly JsonValue[];
  readonly message: string;
}

const VARCHAR = { type: "VARCHAR" };
const INTEGER = { type: "INTEGER" };
const DECIMAL = { type: "DECIMAL", precision: 10, scale: 2 };

const cases: Readonly<Record<string, readonly Case[]>> = {
  NOT_BLANK: [
    { column: VARCHAR, accepted: ["a", " a "], refused: ["", " \t\u00a0"], message: "must not be blank" },
  ],
  MIN_LENGTH: [
    {
      column: VARCHAR,
      value: 2,
      accepted: ["ab", "\u{1F600}\u{1F600}"],
      refused: ["a", "\u{1F600}"],
      message: "must be at least 2 characters",
    },
  ],
  MAX_LENGTH: [
    {
      column: VARCHAR,
      value: "2",
      accepted: ["", "\u{1F600}\u{1F600}"],
      refused: ["abc"],
      message: "must be at most 2 characters",
    },
  ],
  PATTERN: [
    {
      column: VARCHAR,
      value: "^A[0-9]+$",
      accepted: ["A1"],
      refused: ["xA1", "A"],
      message: "must match pattern ^A[0-9]+$",
    },
    { column: VARCHAR, value: "b", accepted: ["abc"], refused: ["ac"], message: "must match pattern b" },
  ],
  EMAIL: [
    {
      column: VARCHAR,
      accepted: [
        "a@b.co",
        "first.last+tag@sub.example.com",
        "stanisław.wójcik@wp.pl",
        "a@bücher.ch",
        "用户@例子.广告",
        "अजय@डाटा.भारत",
        "a@xn--bcher-kva.ch",
        "a@1and1.com",
        "!#$%&'*+/=?^_`{|}~-@b.co",
        `${"x".repeat(64)}@b.co`,
      ],
      refused: [
        ...["a", "a@b", "@b.co", "a@b..co", "a b@c.de", "a@-b.co", "a@b-.co", "a@b.co\n", "a@b@c.de"],
        ...[".a@x.com", "a.@x.com", "a..b@x.com", "a@127.0.0.1", "a@x.com.", "a@.x.com", "a\u00a0b@x.com"],
        ...[`${"x".repeat(65)}@b.co`, `a@${"x".repeat(64)}.co`, "a\u200bb@x.com", '"a b"@x.com'],
      ],
      message: "must be a valid email address",
    },
  ],
  URL: [
    {
      column: VARCHAR,
      accepted: ["http://a.b", "https://example.com/path?q=1#f"],
      refused: ["example.com", "ftp://a.b", "http://", "https://a b", "javascript:alert(1)"],
      message: "must be a valid URL",
    },
  ],
  MIN: [
    { column: INTEGER, value: "0", accepted: [0, 5], refused: [-1], message: "must be at least 0" },
    { column: DECIMAL, value: 0.1, accepted: [0.1, 2], refused: [0.09], message: "must be at least 0.1" },
    {
      column: { type: "BIGINT" },
      value: "9007199254740993",
      accepted: ["9007199254740993"],
      refused: ["9007199254740992"],
      message: "must be at least 9007199254740993",
    },
    {
      column: { type: "DATE" },
      value: "2026-01-01",
      accepted: ["2026-01-01"],
      refused: ["2025-12-31"],
      message: "must be at least 2026-01-01",
    },
  ],
  MAX: [{ column: INTEGER, value: 0, accepted: [0, -5], refused: [1], message: "must be at most 0" }],
  POSITIVE: [{ column: DECIMAL, accepted: [0.01], refused: [0, -1], message: "must be greater than 0" }],
  NEGATIVE: [{ column: INTEGER, accepted: [-1], refused: [0, 1], message: "must be less than 0" }],
  POSITIVE_OR_ZERO: [
    { column: { type: "DOUBLE" }, accepted: [0, 0.5], refused: [-0.5], message: "must be 0 or greater" },
  ],
  NEGATIVE_OR_ZERO: [
    { column: { type: "BIGINT" }, accepted: ["0", "-1"], refused: ["1"], message: "must be 0 or less" },
  ],
  PAST: [
    {
      column: { type: "DATETIME" },
      accepted: ["2026-06-15T11:59:59Z"],
      refused: ["2026-06-15T12:00:00Z"],
      message: "must be in the past",
    },
    {
      column: { type: "DATE" },
      accepted: ["2026-06-14"],
      refused: ["2026-06-15", "2026-06-16"],
      message: "must be in the past",
    },
  ],
  FUTURE: [
    {
      column: { type: "DATE" },
      accepted: ["2026-06-16"],
      refused: ["2026-06-15"],
      message: "must be in the future",
    },
  ],
};

it("has a case for every constraint of the registry", () => {
  expect(Object.keys(cases)).toEqual([...constraintTypes.keys()]);
});

describe.each(Object.entries(cases))("%s", (type, variants) => {
  it.each(variants)("on $column.type with $value", ({ column, value, accepted, refused, message }) => {
    const messagesOf = (sent: JsonValue, own?: string) => {
      const constraint = { type, ...(value !== undefined && { value }), ...(own && { message: own }) };
      const entity = entityOf({
        name: "T",
        columns: [{ name: "field", ...column, constraints: [constraint] }],
      });
      const validated = recordValidatorOf(entity).validateCreate({ field: sent }, NOW);
      return validated.ok ? [] : validated.details.map((detail) => detail.message);
    };
    for (const sent of accepted) expect([sent, messagesOf(sent)]).toEqual([sent, []]);
    for (const sent of refused) {
      expect([sent, messagesOf(sent)]).toEqual([sent, [message]]);
      expect(messagesOf(sent, "own words")).toEqual(["own words"]);
    }
    expect(messagesOf(null)).toEqual([]);
  });
});

describe("several constraints", () => {
  const entity = entityOf({
    name: "T",
    columns: [
      { name: "a", type: "VARCHAR", constraints: [{ type: "MIN_LENGTH", value: 3 }, { type: "EMAIL" }] },
      { name: "b", type: "INTEGER", constraints: [{ type: "POSITIVE" }, { type: "MIN", value: 5 }] },
    ],
  });

  it("are all reported, in column order then constraint order; a broken type reports only itself", () => {
    const validated = recordValidatorOf(entity).validateCreate({ b: -1, a: "x" }, NOW);
    expect(validated).toEqual({
      ok: false,
      details: [
        { field: "a", message: "must be at least 3 characters", rule: "MIN_LENGTH" },
        { field: "a", message: "must be a valid email address", rule: "EMAIL" },
        { field: "b", message: "must be greater than 0", rule: "POSITIVE" },
        { field: "b", message: "must be at least 5", rule: "MIN" },
      ],
    });
    const typed = recordValidatorOf(entity).validateUpdate({ a: 5 }, 1, NOW);
    expect(typed).toEqual({
      ok: false,
      details: [{ field: "a", message: "must be a string", rule: "TYPE" }],
    });
  });
});

it("no accepted pattern is large enough to stall the API on its column's texts", () => {
  const problemsOf = (column: object, value: string) =>
    constraintTypes.get("PATTERN")?.problemOf(columnOf(column), { type: "PATTERN", value });
  const wide = "\\pL{1,1000}\\d";
  expect(problemsOf({ type: "TEXT" }, wide)).toBe(
    "must take at most 500 RE2 instructions for texts of up to 100000 characters, not 2002 — use shorter counted repetitions, or give the column a smaller length",
  );
  expect(problemsOf({ type: "VARCHAR", length: 40_000 }, wide)).toContain("at most 1250 RE2 instructions");
  expect(problemsOf({ type: "VARCHAR", length: 255 }, wide)).toBeUndefined();
  const email = "^[\\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63})+$";
  for (const usual of [email, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "\\pL+\\d"])
    expect(problemsOf({ type: "TEXT" }, usual), usual).toBeUndefined();
  const column = columnOf({ type: "TEXT", constraints: [] });
  const half = { type: "PATTERN" as const, value: "\\pL{1,125}\\d" };
  const twice = { ...column, constraints: [half, { ...half }, { ...half }] };
  const problems = twice.constraints.map((rule) => constraintTypes.get("PATTERN")?.problemOf(twice, rule));
  expect(problems.slice(0, 1)).toEqual([undefined]);
  expect(problems[2]).toContain(
    "at most 500 RE2 instructions, together with the patterns before it, for texts",
  );
});

it("the patterns of one request take no more than its budget", () => {
  const constraints = [{ type: "PATTERN", value: "\\pL{1,240}\\d" }];
  const entity = entityOf({ name: "T", columns: [{ name: "a", type: "TEXT", constraints }] });
  const now = { ...NOW, patterns: new PatternBudget() };
  const read = (length: number) => recordValidatorOf(entity).validateCreate({ a: "a".repeat(length) }, now);
  expect(read(5_000)).toMatchObject({ ok: false });
  expect(() => {
    for (let i = 0; i < 10; i++) read(5_000);
  }).toThrow("Matching the patterns would take more than 5000000 RE2 instructions × characters");
});

it("no pattern stalls the API", () => {
  const constraints = [{ type: "PATTERN", value: "^(a+)+$" }];
  const entity = entityOf({ name: "T", columns: [{ name: "a", type: "TEXT", constraints }] });
  const validated = recordValidatorOf(entity).validateCreate({ a: `${"a".repeat(50_000)}!` }, NOW);
  expect(validated).toMatchObject({ ok: false, details: [{ message: "must match pattern ^(a+)+$" }] });
});
