import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCurl, type Newcomer, patternOf, readExamples, startNewcomer } from "./support/run-examples.ts";

const CHROMIUM = "/usr/bin/chromium";
const CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
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

  it.runIf(existsSync(CHROMIUM))("the form of docs/errors.md shows each problem at its input", async () => {
    const [, script = ""] = /```js\n(form\.add.*?)```/s.exec(readFileSync("docs/errors.md", "utf8")) ?? [];
    const variables = 'echo "$EDGE/api/v1/demo/library|Bearer $SCHEMASTACK_KEY"';
    const [api, authorization] = (await newcomer.run(variables)).split("|");
    const inputs = [
      '<input name="isbn">',
      '<input name="title">',
      '<input name="authorId" type="number"><button>Send</button>',
    ];
    const page = join(newcomer.directory, "form.html");
    const constants = `const form = document.forms[0], API = "${api}", Authorization = "${authorization}";`;
    writeFileSync(page, `<form>${inputs.join("")}</form><script>${constants}${script}</script>`);
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
    try {
      const tab = await browser.newPage();
      await tab.goto(pathToFileURL(page).href);
      const fill = async (values: Readonly<Record<string, string>>) => {
        for (const [name, value] of Object.entries(values)) await tab.fill(`[name=${name}]`, value);
        const answered = tab.waitForResponse((response) => response.request().method() === "POST");
        await tab.click("button");
        await (await answered).finished();
      };
      const problemOf = (name: string) =>
        tab.locator(`[name=${name}]`).evaluate((input: HTMLInputElement) => input.validationMessage);
      await fill({ isbn: "9780156027601", title: "Solaris", authorId: "2" });
      await expect.poll(() => problemOf("isbn"), { timeout: 10_000 }).toBe("is already taken");
      await fill({ isbn: "1", authorId: "99" });
      await expect.poll(() => problemOf("authorId"), { timeout: 10_000 }).toBe("does not exist");
      await fill({ authorId: "2" });
      await expect.poll(() => tab.inputValue("[name=isbn]"), { timeout: 10_000 }).toBe("");
    } finally {
      await browser.close();
    }
  });
});
