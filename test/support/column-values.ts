import fc from "fast-check";
import type { JsonValue } from "../../src/model/json.ts";

/* A nullable column of every type, and any value that it accepts. Values that files could confuse come first. */

const TEXTS = [
  "",
  " ",
  "null",
  "5",
  "true",
  "=1+1",
  "'=1+1",
  "''-",
  "+",
  "@a",
  "\t",
  "\r",
  "\n",
  "\uFEFF",
  "＝",
  '"',
  ",",
  ";",
];
const ENUM_VALUES = [" a", "a", "a ", "=1", "'=1", "a,b", 'c"d', "é", "null", "TRUE", "1"];

const unit = fc.oneof(
  fc.constantFrom(...TEXTS.filter((text) => text !== "")),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
);
const text = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit, maxLength: 6 }).filter((value) => value.isWellFormed() && !value.includes("\0")),
);

/** JSON.stringify writes -0 as 0, at any depth. */
const json: fc.Arbitrary<JsonValue> = fc
  .oneof(text, fc.jsonValue({ maxDepth: 2 }))
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue)
  .filter((value) => value !== null);

const instant = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });

export interface ColumnValues {
  readonly definition: { readonly name: string; readonly type: string } & Readonly<Record<string, unknown>>;
  readonly values: fc.Arbitrary<JsonValue>;
}

export const columnValues: readonly ColumnValues[] = [
  { definition: { name: "varchar", type: "VARCHAR", default: "not null" }, values: text },
  { definition: { name: "text", type: "TEXT" }, values: text },
  { definition: { name: "integer", type: "INTEGER", default: 7 }, values: fc.maxSafeInteger() },
  {
    definition: { name: "bigint", type: "BIGINT" },
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  },
  {
    definition: { name: "decimal", type: "DECIMAL", precision: 15, scale: 9 },
    values: fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((scaled) => scaled / 10 ** 9 || 0),
  },
  {
    definition: { name: "double", type: "DOUBLE" },
    values: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0),
  },
  { definition: { name: "boolean", type: "BOOLEAN", default: true }, values: fc.boolean() },
  {
    definition: { name: "date", type: "DATE" },
    values: instant.map((date) => date.toISOString().slice(0, 10)),
  },
  {
    definition: { name: "time", type: "TIME" },
    values: instant.map((date) => date.toISOString().slice(11, 23)),
  },
  { definition: { name: "datetime", type: "DATETIME" }, values: instant.map((date) => date.toISOString()) },
  { definition: { name: "uuid", type: "UUID", generated: true }, values: fc.uuid() },
  {
    definition: { name: "enumeration", type: "ENUM", values: ENUM_VALUES },
    values: fc.constantFrom(...ENUM_VALUES),
  },
  { definition: { name: "json", type: "JSON" }, values: json },
];

/** Records with any value, or null, in every column. */
export const anyRecord: fc.Arbitrary<Readonly<Record<string, JsonValue>>> = fc.record(
  Object.fromEntries(columnValues.map(({ definition, values }) => [definition.name, fc.option(values)])),
);
