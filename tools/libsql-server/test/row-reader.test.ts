import { expect, it } from "vitest";
import { openNative, RowReader } from "../engine/native.ts";

const COUNT = 300;

/** How many rows were read together, one after the other, when each has this length. */
function readAll(length: number): readonly number[] {
  const database = openNative(":memory:");
  const numbers = `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT ${COUNT}) SELECT i FROM n`;
  const native = database.prepare(numbers).raw().iterate([]);
  const reader = new RowReader(native, 1_000);
  const together: number[] = [];
  const found: unknown[] = [];
  let last: unknown;
  for (let row = reader.next(); row; row = reader.next()) {
    if (native.nextRows !== last) together.push(native.nextRows.length);
    last = native.nextRows;
    found.push(row[0]);
    reader.note(length);
  }
  expect(found).toEqual(Array.from({ length: COUNT }, (_, index) => BigInt(index + 1)));
  database.close();
  return together;
}

it("reads as many rows together as the driver does, when they are short", () => {
  expect(readAll(2)).toEqual([4, 16, 64, 100, 100, 100]);
});

it("reads no more rows together than an answer may hold", () => {
  expect(new Set(readAll(200).slice(1))).toEqual(new Set([5]));
  expect(new Set(readAll(900).slice(1))).toEqual(new Set([1]));
});
