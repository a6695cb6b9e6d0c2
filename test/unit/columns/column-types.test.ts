import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnTypeOf, columnTypes } from "../../../src/columns/registry.ts";
import type { Column, ColumnTypeName } from "../../../src/model/column.ts";
import type { JsonValue } from "../../../src/model/json.ts";
import { columnOf } from "../../support/columns.ts";

interface Sample {
  readonly definition: object;
  /** JSON values that must come back identical. */
  readonly values: fc.Arbitrary<JsonValue>;
  /** The response to a value that is sent in another form. */
  readonly normalised?: readonly (readonly [JsonValue, JsonValue])[];
  readonly refused: readonly (readonly [JsonValue, string])[];
  /** Compares API values; undefined for types without an order. */
  readonly compare?: (left: JsonValue, right: JsonValue) => number;
}

const numeric = (left: JsonValue, right: JsonValue) => Math.sign(Number(left) - Number(right));
const textual = (left: JsonValue, right: JsonValue) =>
  String(left) < String(right) ? -1 : left === right ? 0 : 1;
const wellFormed = fc
  .string({ unit: "binary", maxLength: 60 })
  .filter((text) => text.isWellFormed() && !text.includes("\0"));
const iso = fc.date({
  min: new Date("0000-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
});
const DATE = "must be a valid date (YYYY-MM-DD)";
const TIME = "must be a valid time (HH:MM:SS)";
const DATETIME = "must be a valid date-time (ISO 8601)";
const NO_OFFSET = `${DATETIME}: the offset is missing, write it as in 2026-01-31T09:30:00Z or 2026-01-31T09:30:00+02:00`;
const INT64 = "must be an integer between -9223372036854775808 and 9223372036854775807";
const SAFE = "must be an integer between -9007199254740991 and 9007199254740991";

/** One entry per type. A type without an entry fails the suite. */
const samples: Readonly<Record<ColumnTypeName, Sample>> = {
  VARCHAR: {
    definition: { length: 60 },
    values: wellFormed.filter((text) => [...text].length <= 60),
    refused: [
      [5, "must be a string"],
      ["x".repeat(61), "must be at most 60 characters"],
      ["\ud800", "must be valid Unicode text without null characters"],
      ["a\0b", "must be valid Unicode text without null characters"],
    ],
  },
  TEXT: {
    definition: {},
    values: wellFormed,
    refused: [
      [true, "must be a string"],
      ["x".repeat(100_001), "must be at most 100000 characters"],
    ],
  },
  INTEGER: {
    definition: {},
    values: fc.maxSafeInteger(),
    refused: [
      ["5", "must be an integer"],
      [1.5, "must be an integer"],
      [2 ** 53, SAFE],
    ],
    compare: numeric,
  },
  BIGINT: {
    definition: {},
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    normalised: [
      [7, "7"],
      ["007", "7"],
      ["-0", "0"],
    ],
    refused: [
      ["1.0", "must be an integer"],
      ["", "must be an integer"],
      ["9223372036854775808", INT64],
      ["9".repeat(1_000_000), INT64],
      [2 ** 53, "must be a string of digits beyond 2^53"],
    ],
    compare: (left, right) => (BigInt(String(left)) < BigInt(String(right)) ? -1 : left === right ? 0 : 1),
  },
  DECIMAL: {
    definition: { precision: 12, scale: 2 },
    values: fc.integer({ min: -999_999_999_999, max: 999_999_999_999 }).map((scaled) => scaled / 100),
    normalised: [
      [-0, 0],
      [1e3, 1000],
    ],
    refused: [
      ["1", "must be a number"],
      [0.005, "must have at most 2 decimal places"],
      [1e-9, "must have at most 2 decimal places"],
      [1e10, "must be at most 9999999999.99"],
      [-1e21, "must be at least -9999999999.99"],
    ],
    compare: numeric,
  },
  DOUBLE: {
    definition: {},
    values: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
    refused: [["1", "must be a number"]],
    compare: numeric,
  },
  BOOLEAN: {
    definition: {},
    values: fc.boolean(),
    refused: [
      [1, "must be a boolean"],
      ["true", "must be a boolean"],
    ],
  },
  DATE: {
    definition: {},
    values: iso.map((date) => date.toISOString().slice(0, 10)),
    refused: [
      ["2026-02-30", DATE],
      ["2026-2-3", DATE],
      ["2026-13-01", DATE],
      [20260228, DATE],
      ["2026-02-28T00:00:00Z", DATE],
    ],
    compare: textual,
  },
  TIME: {
    definition: {},
    values: iso.map((date) =>
      date
        .toISOString()
        .slice(11, 23)
        .replace(/\.000$/, ""),
    ),
    normalised: [
      ["13:05", "13:05:00"],
      ["13:05:00.5", "13:05:00.500"],
      ["13:05:00.000", "13:05:00"],
    ],
    refused: [
      ["24:00:00", TIME],
      ["1:00", TIME],
      ["12:60:00", TIME],
      ["12:00:00Z", TIME],
    ],
    compare: textual,
  },
  DATETIME: {
    definition: {},
    values: iso.map((date) => date.toISOString()),
    normalised: [
      ["2026-02-28T13:05:00Z", "2026-02-28T13:05:00.000Z"],
      ["2026-02-28T13:05:00+02:00", "2026-02-28T11:05:00.000Z"],
      ["2026-02-28t13:05:00.123456789z", "2026-02-28T13:05:00.123Z"],
      ["2026-02-28T13:05-0330", "2026-02-28T16:35:00.000Z"],
    ],
    refused: [
      ["2026-02-28T13:05:00", NO_OFFSET],
      ["2026-02-28T13:05", NO_OFFSET],
      ["2026-02-28 13:05:00.5", NO_OFFSET],
      ["2026-02-28", NO_OFFSET],
      ["2026-02-28 13:05:00Z", DATETIME],
      ["2026-02-28T24:00:00Z", DATETIME],
      ["2026-02-30T13:05:00Z", DATETIME],
      ["0000-01-01T00:00:00+01:00", DATETIME],
      ["9999-12-31T23:59:59-01:00", DATETIME],
      ["2026-02-28T25:00:00Z", DATETIME],
      [0, DATETIME],
    ],
    compare: textual,
  },
  UUID: {
    definition: {},
    values: fc.uuid(),
    normalised: [["018F4B2E-0000-7000-8000-00000000ABCD", "018f4b2e-0000-7000-8000-00000000abcd"]],
    refused: [
      ["018f4b2e00007000800000000000abcd", "must be a valid UUID"],
      [5, "must be a valid UUID"],
    ],
  },
  ENUM: {
    definition: { values: ["NEW", "PAID"] },
    values: fc.constantFrom("NEW", "PAID"),
    refused: [
      ["new", "must be one of: NEW, PAID"],
      [0, "must be one of: NEW, PAID"],
    ],
  },
  JSON: {
    definition: {},
    values: fc.jsonValue({ maxDepth: 4 }).filter((value) => value !== null) as fc.Arbitrary<JsonValue>,
    refused: [
      ["x".repeat(65_536), "must be at most 65536 bytes of JSON"],
      [JSON.parse("1e400"), "must not contain a number that is too large"],
      [{ deep: [JSON.parse("-1e400")] }, "must not contain a number that is too large"],
    ],
  },
};

it("has exactly one sample for each type", () => {
  expect(Object.keys(samples).sort()).toEqual(Object.keys(columnTypes).sort());
});

describe.each(Object.entries(samples))("%s", (name, sample) => {
  const column: Column = columnOf({ type: name, ...sample.definition });
  const type = columnTypeOf(column);
  const store = (value: JsonValue) => {
    const parsed = type.parse(value, column);
    if (!parsed.ok) throw new Error(`${JSON.stringify(value)}: ${parsed.message}`);
    return parsed.value;
  };

  it("is registered under its own name", () => {
    expect(columnTypes[column.type].name).toBe(name);
  });

  it("returns exactly the given value", () => {
    fc.assert(
      fc.property(sample.values, (value) => {
        expect(JSON.stringify(type.toJson(store(value), column))).toBe(JSON.stringify(value));
      }),
    );
  });

  it("stores a value that SQLite holds exactly", () => {
    fc.assert(
      fc.property(sample.values, (value) => {
        const stored = store(value);
        if (type.storage === "TEXT") expect(typeof stored).toBe("string");
        else if (type.storage === "INTEGER")
          expect(Number.isSafeInteger(stored) || typeof stored === "bigint").toBe(true);
        else expect(typeof stored).toBe("number");
      }),
    );
  });

  it("reads the text of its JSON form", () => {
    fc.assert(
      fc.property(sample.values, (value) => {
        const text =
          type.family === "json" ? JSON.stringify(value) : String(type.toJson(store(value), column));
        expect(type.parseText(text, column)).toEqual({ ok: true, value: store(value) });
      }),
    );
  });

  it("orders stored values like the values themselves", () => {
    const { compare } = sample;
    if (!compare) return;
    fc.assert(
      fc.property(sample.values, sample.values, (left, right) => {
        const [a, b] = [store(left), store(right)];
        const order = a === b ? 0 : (a ?? 0) < (b ?? 0) ? -1 : 1;
        expect(order).toBe(compare(left, right));
      }),
    );
  });

  it("returns one form, whatever form is sent", () => {
    const normalised = sample.normalised ?? [];
    const answers = normalised.map(([sent]) => type.toJson(store(sent), column));
    expect(answers).toEqual(normalised.map(([, answered]) => answered));
  });

  it("refuses what it cannot hold, in the contract's words", () => {
    const messages = sample.refused.map(([value]) => type.parse(value, column));
    expect(messages).toMatchObject(sample.refused.map(([, message]) => ({ ok: false, message })));
  });

  it("describes itself as JSON Schema", () => {
    expect(() => JSON.stringify(type.jsonSchema(column))).not.toThrow();
  });
});
