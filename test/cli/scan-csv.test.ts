import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanCsv } from "../../tools/cli/import/read/scan-csv.ts";

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<string> {
  let at = 0;
  for (let i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield text.slice(at, at + size);
    at += size;
  }
}

async function scan(text: string, sizes: readonly number[] = [text.length], delimiter = ",") {
  const found = [];
  for await (const record of scanCsv(cut(text, sizes), delimiter)) found.push(record);
  return found;
}

const delimiters = fc.constantFrom(",", ";", "\t", "|");
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const text = fc.string({
  unit: fc.constantFrom("a", '"', ",", ";", "\t", "|", "\r", "\n", " ", "é", "🙂"),
  maxLength: 8,
});
const cells = fc.array(fc.option(text), { minLength: 2, maxLength: 4 });

const spell = (cell: string | null, delimiter: string) =>
  cell === null
    ? ""
    : cell === "" || cell.includes(delimiter) || /["\r\n]/.test(cell)
      ? `"${cell.replaceAll('"', '""')}"`
      : cell;

describe("scanCsv", () => {
  it("returns the cells of any file, however it is split, delimited and ended", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          records: fc.array(cells),
          delimiter: delimiters,
          sizes,
          end: fc.constantFrom("\n", "\r\n", "\r"),
        }),
        fc.boolean(),
        async ({ records, delimiter, sizes, end }, isEnded) => {
          const lines = records.map((record) => record.map((cell) => spell(cell, delimiter)).join(delimiter));
          const found = await scan(
            lines.join(end) + (isEnded && lines.length > 0 ? end : ""),
            sizes,
            delimiter,
          );
          expect(found.map((record) => record.cells)).toEqual(records);
          expect(found.every(({ problem }) => problem === undefined)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("returns the line where each record begins", async () => {
    const found = await scan('a,b\n"1\n2",x\r\n\n"3""\n",y\n', [3]);
    expect(found.map(({ line }) => line)).toEqual([1, 2, 4, 5]);
  });

  it.each([
    ['a,b\nx"y,1\nc,d', [["a", "b"], ['x"y,1'], ["c", "d"]], 1],
    ['a,b\n"x"y,1\r\nc,d\r\n', [["a", "b"], ['"x"y,1'], ["c", "d"]], 1],
    ['"a\nb",x"y\nc,d\n', [['"a\nb",x"y'], ["c", "d"]], 0],
  ])("refuses one line for a bad quote: %j", async (text, expected, bad) => {
    for (const size of [1, 2, 5, 100]) {
      const found = await scan(text, [size]);
      expect(found.map((record) => record.cells)).toEqual(expected);
      expect(found.flatMap(({ problem }, i) => (problem ? [i] : []))).toEqual([bad]);
    }
  });

  it.each([
    ['a\n"b\nc\n', "line 2 on: a quote opens there and never closes"],
    ['a\nx,"b\nc"d\n', "line 2 on: a quote opens there, and text follows where it closes, in line 3"],
    [`a\n"${"x".repeat(3_000_000)}`, "line 2 on: its first row does not end"],
  ])("gives up where rows cannot be told apart: %.20j", async (text, message) => {
    await expect(scan(text, [65_536])).rejects.toThrow(message);
  });
});
