import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitJsonArray } from "../../tools/cli/import/read/split-json-array.ts";

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<string> {
  let at = 0;
  for (let i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield text.slice(at, at + size);
    at += size;
  }
}

async function collect<T>(all: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const one of all) found.push(one);
  return found;
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('"', "\\", "]", '\\"],', "\n"));

describe("splitJsonArray", () => {
  it("returns every element of any array, however its text is split and formatted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(value),
        sizes,
        fc.integer({ min: 0, max: 3 }),
        async (values, cuts, indent) => {
          const text = ` ${JSON.stringify(values, null, indent)}\n`;
          const found = await collect(splitJsonArray(cut(text, cuts)));
          const elements = found.map(({ text: element }) => JSON.stringify(JSON.parse(element)));
          expect(elements).toEqual(values.map((element) => JSON.stringify(element)));
          const lines = text.split("\n");
          for (const { line, text: element } of found) {
            expect(lines[line - 1]).toContain(element.trimStart().split("\n")[0]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(["", "{}", "1", "[1] 2", "[1", '["', "[[1]"])("refuses '%s'", async (text) => {
    await expect(collect(splitJsonArray(cut(text, [1])))).rejects.toThrow(/JSON array/);
  });
});
