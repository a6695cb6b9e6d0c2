import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const documents = globSync(
  ["README.md", "docs/*.md", "bench/*.md", "src/**/README.md", "tools/**/README.md"],
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
