import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCurl, type Newcomer, patternOf, readExamples, startNewcomer } from "./support/run-examples.ts";

const CHROMIUM = "/usr/bin/chromium";

describe.runIf(hasCurl() && existsSync(CHROMIUM))("the tutorial", () => {
  const examples = readExamples("docs/tutorial.md");
  let newcomer: Newcomer;

  beforeAll(async () => {
    newcomer = await startNewcomer();
  });
  afterAll(() => newcomer?.stop());

  it("has steps", () => expect(examples.length).toBeGreaterThan(12));

  it.each(examples)("$command", async (example) => {
    expect(await newcomer.run(example.command)).toMatch(patternOf(example));
  });

  it("ends with a page that shows the book in stock", async () => {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
    try {
      const page = await browser.newPage();
      await page.goto(pathToFileURL(join(newcomer.directory, "bookshop.html")).href);
      await page.locator("li").first().waitFor();
      expect(await page.locator("li").allTextContents()).toEqual([
        "The Dispossessed by Ursula K. Le Guin: €14.50",
      ]);
    } finally {
      await browser.close();
    }
  });
});
