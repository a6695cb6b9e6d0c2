import { describe, expect, it } from "vitest";
import { columnSchemaOf } from "../../src/openapi/column-schemas.ts";
import { sampleRecord } from "../../src/openapi/sample-record.ts";
import { columnOf } from "../support/columns.ts";

describe("the schema of a column", () => {
  it.each([
    [
      { type: "INTEGER", constraints: [{ type: "POSITIVE" }] },
      { exclusiveMinimum: 0, maximum: 2 ** 53 - 1 },
    ],
    [{ type: "DOUBLE", constraints: [{ type: "POSITIVE" }, { type: "MIN", value: "5" }] }, { minimum: 5 }],
    [
      { type: "DOUBLE", constraints: [{ type: "MIN", value: 0 }, { type: "POSITIVE" }] },
      { exclusiveMinimum: 0 },
    ],
    [
      { type: "DOUBLE", constraints: [{ type: "NEGATIVE" }, { type: "MAX", value: 3 }] },
      { exclusiveMaximum: 0 },
    ],
    [
      { type: "DECIMAL", precision: 5, scale: 2 },
      { minimum: -999.99, maximum: 999.99 },
    ],
    [{ type: "VARCHAR", length: 9, constraints: [{ type: "MAX_LENGTH", value: 5 }] }, { maxLength: 5 }],
    [
      { type: "VARCHAR", constraints: [{ type: "PATTERN", value: "^a" }] },
      { maxLength: 255, pattern: "^a" },
    ],
    [
      { type: "VARCHAR", constraints: [{ type: "PATTERN", value: "(?i)^a" }] },
      { maxLength: 255, description: "must match pattern (?i)^a" },
    ],
    [
      { type: "DATE", constraints: [{ type: "MIN", value: "2026-01-01" }, { type: "PAST" }] },
      { format: "date", description: "must be at least 2026-01-01; must be in the past" },
    ],
    [
      { type: "VARCHAR", constraints: [{ type: "PATTERN", value: "^a" }, { type: "NOT_BLANK" }] },
      { maxLength: 255, pattern: "^a", allOf: [{ pattern: "\\S" }] },
    ],
    [
      { type: "TEXT", constraints: [{ type: "EMAIL" }] },
      { maxLength: 100_000, format: "idn-email" },
    ],
  ])("of %j says %j", (definition, expected) => {
    const {
      type: _,
      not: _not,
      format,
      ...schema
    } = columnSchemaOf("E.field", columnOf({ ...definition, nullable: false }));
    expect({ ...schema, ...(format !== "double" && format !== undefined && { format }) }).toEqual(expected);
  });

  it.each([
    [{ type: "TIME" }, ["string", "null"]],
    [{ type: "JSON" }, ["object", "array", "string", "number", "boolean", "null"]],
    [{ type: "JSON", nullable: false }, ["object", "array", "string", "number", "boolean"]],
  ])("of %j has the types %j", (definition, types) => {
    expect(columnSchemaOf("E.field", columnOf(definition)).type).toEqual(types);
  });

  it("of an enum refers to the enum's values", () => {
    const column = columnOf({ name: "status", type: "ENUM", values: ["A"] });
    expect(columnSchemaOf("E.status", column)).toEqual({
      type: ["string", "null"],
      anyOf: [{ $ref: "#/components/schemas/E.status" }, { type: "null" }],
    });
  });
});

describe("the example of a record", () => {
  it.each([
    [{ type: "VARCHAR", constraints: [{ type: "EMAIL" }] }, "ann@example.com"],
    [{ type: "TEXT", constraints: [{ type: "URL" }] }, "https://example.com"],
    [{ type: "VARCHAR", length: 2 }, "A1"],
    [{ type: "VARCHAR", constraints: [{ type: "MIN_LENGTH", value: 20 }] }, "text text text text "],
    [{ type: "TEXT", constraints: [{ type: "MAX_LENGTH", value: 999_999_999 }] }, "text"],
    [{ type: "VARCHAR", constraints: [{ type: "PATTERN", value: "^[A-Z]+$" }] }, "TEXT"],
    [{ type: "VARCHAR", constraints: [{ type: "PATTERN", value: "^Q-[0-9]{7}$" }] }, "Q-1111111"],
    [{ type: "DATE", constraints: [{ type: "MAX", value: "2001-02-03" }] }, "2001-02-03"],
    [{ type: "INTEGER", constraints: [{ type: "MIN", value: 40 }] }, 100],
    [{ type: "INTEGER", constraints: [{ type: "MIN", value: 5000 }] }, 5000],
    [{ type: "INTEGER", constraints: [{ type: "NEGATIVE" }] }, -1],
    [{ type: "DECIMAL", precision: 3, scale: 2 }, 1],
    [{ type: "DATE", constraints: [{ type: "FUTURE" }] }, "2999-12-31"],
    [{ type: "DATETIME", constraints: [{ type: "PAST" }] }, "2025-06-30T12:30:00.000Z"],
    [{ type: "ENUM", values: ["NEW", "OLD"] }, "NEW"],
  ])("keeps the rules of %j", (definition, expected) => {
    const column = columnOf({ name: "field", ...definition, nullable: false });
    expect(sampleRecord([column])).toEqual({ field: expected });
  });

  it("is left out when no candidate satisfies a rule", () => {
    const pattern = { type: "PATTERN", value: "(?i)^q-[0-9]{7}$" };
    expect(sampleRecord([columnOf({ type: "VARCHAR", constraints: [pattern] })])).toBeUndefined();
  });
});
