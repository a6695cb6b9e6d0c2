import { describe, expect, it } from "vitest";
import { parseEntityTags } from "../../src/lib/entity-tags.ts";

describe("a header with entity tags", () => {
  it.each([
    ["*", "ANY"],
    [" \t* ", "ANY"],
    ['"a"', ["a"]],
    ['W/"a"', ["a"]],
    ['"a-gzip", W/"b--br"', ["a", "b"]],
    ['"a,b"\t,\t"c"', ["a,b", "c"]],
    ['""', [""]],
    ["", []],
    [" ", []],
    [",", []],
    [' , "a",, "b" ,', ["a", "b"]],
  ])("%j names %j", (header, tags) => {
    expect(parseEntityTags(header)).toEqual(tags);
  });

  it.each(["a", '"a', 'a"', '"a" "b"', '*, "a"', "**", 'w/"a"', '"a\u0001"', '"ä€"', "\u00a0*"])(
    "%j is malformed",
    (header) => {
      expect(parseEntityTags(header)).toBeUndefined();
    },
  );

  it("is read in linear time", () => {
    const spaces = " \t".repeat(500_000);
    expect(parseEntityTags(`${spaces}x`)).toBeUndefined();
    expect(parseEntityTags(`"a"${spaces}x`)).toBeUndefined();
    expect(parseEntityTags(`,${spaces}"a"${spaces},${spaces}x`)).toBeUndefined();
  });
});
