import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type ErrorCode, statusOfCode } from "../../src/errors/codes.ts";
import { typeOf } from "../../src/errors/problem.ts";

const codes = Object.keys(statusOfCode) as ErrorCode[];
const ROOT = resolve(import.meta.dirname, "../..");
const documents = globSync(
  ["README.md", "docs/**/*.md", "bench/*.md", "src/**/README.md", "tools/**/README.md"],
  { cwd: ROOT, exclude: ["**/node_modules/**"] },
);

describe.each(documents)("%s", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8");

  it("links only to existing files", () => {
    const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "");
    const local = targets.filter((target) => !/^[a-z]+:/.test(target));
    const missing = local.filter((target) => !existsSync(resolve(ROOT, dirname(document), target)));
    expect(missing).toEqual([]);
  });

  it("names only npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const named = [...text.matchAll(/npm (?:run ([a-z:]+)|(test))\b/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it("the type of every problem leads to its row in the table of errors", () => {
  const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
  const anchors = [...page.matchAll(/<a id="(\w+)"><\/a>`(\w+)`/g)].map(([, id, code]) => [code, id]);
  const types = codes.map((code) => [code, typeOf(code).replace("/docs/errors.md#", "")]);
  expect(anchors.sort()).toEqual(types.sort());
});
