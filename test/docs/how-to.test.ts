import { globSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCurl, type Newcomer, patternOf, readExamples, startNewcomer } from "./support/run-examples.ts";

const pages = globSync("docs/how-to/*.md", { cwd: resolve(import.meta.dirname, "../..") });

describe.runIf(hasCurl())("the how-to guides", () => {
  let newcomer: Newcomer;
  beforeAll(async () => {
    newcomer = await startNewcomer();
  });
  afterAll(() => newcomer?.stop());

  it("are found", () => expect(pages.length).toBeGreaterThan(2));

  describe.each(pages)("%s", (page) => {
    it.each(readExamples(page))("$command", async (example) => {
      expect(await newcomer.run(example.command)).toMatch(patternOf(example));
    });
  });
});
