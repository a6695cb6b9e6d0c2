import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium } from "../../support/processes/chromium.ts";
import { ADMIN_TOKEN, type ServedDemo, serveDemo } from "../../support/processes/served-demo.ts";

/** The actions and messages of the browser while a page was open. */
interface Seen {
  readonly requests: { readonly method: string; readonly url: string; readonly authorization?: string }[];
  readonly errors: string[];
}

describe.runIf(hasChromium)("the documentation page, in Chromium", () => {
  let demo: ServedDemo;
  let browser: Browser;
  beforeAll(async () => {
    demo = await serveDemo();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  async function visit(options: Parameters<Browser["newContext"]>[0] = {}) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const seen: Seen = { requests: [], errors: [] };
    page.on("request", (request) => {
      const { authorization } = request.headers();
      seen.requests.push({
        method: request.method(),
        url: request.url(),
        ...(authorization && { authorization }),
      });
    });
    page.on("console", (message) => /error|warning/.test(message.type()) && seen.errors.push(message.text()));
    page.on("pageerror", (error) => seen.errors.push(error.message));
    await page.exposeFunction("noteViolation", (text: string) => seen.errors.push(text));
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
        (window as unknown as { noteViolation(text: string): void }).noteViolation(
          `${violatedDirective} ${blockedURI} ${sample}`,
        );
      });
    });
    await page.goto(`${demo.baseUrl}/docs/demo/air`);
    return { context, page, seen };
  }

  async function unlock(page: Page, key = demo.key): Promise<void> {
    await page.getByLabel("API key").fill(key);
    await page.getByRole("button", { name: "Open" }).click();
  }

  /** Everything that the page stores outside its own memory, as text. */
  const keptBy = (context: BrowserContext, page: Page) =>
    Promise.all([
      page.evaluate(async () => {
        const databases = await indexedDB.databases();
        return JSON.stringify([
          { ...localStorage },
          { ...sessionStorage },
          databases,
          history.state,
          location.href,
        ]);
      }),
      context.storageState(),
    ]).then((parts) => JSON.stringify(parts));

  it("asks for the key, shows every operation, sends what is tried with the key, and draws the entities", async () => {
    const { context, page, seen } = await visit();
    await unlock(page);
    const sidebar = page.getByRole("navigation");
    for (const entity of ["Airport", "Flight"]) {
      await sidebar.getByRole("button", { name: `${entity} Open Group` }).click();
    }
    const document = await (
      await fetch(`${demo.baseUrl}/api/v1/demo/air/openapi.json`, {
        headers: { Authorization: `Bearer ${demo.key}` },
      })
    ).json();
    const summaries = Object.values(document.paths as Record<string, Record<string, { summary?: string }>>)
      .flatMap((item) => Object.values(item))
      .flatMap(({ summary }) => summary ?? []);
    expect(summaries.length).toBeGreaterThan(20);
    for (const summary of summaries) await sidebar.getByText(summary).first().waitFor();

    await page.getByRole("button", { name: "Test Request" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Send" }).first().click();
    await dialog.getByText("200 OK").waitFor();
    expect(seen.requests.at(-1)).toEqual({
      method: "GET",
      url: `${demo.baseUrl}/api/v1/demo/air/`,
      authorization: `Bearer ${demo.key}`,
    });
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });

    await page.getByRole("tab", { name: "Diagram" }).click();
    const diagram = page.getByRole("img", { name: "Entities and their relationships" });
    await diagram.waitFor();
    expect(await diagram.locator(".name").allTextContents()).toEqual(["Airport", "Flight"]);
    expect(
      await page.getByRole("list", { name: "Relationships" }).getByRole("listitem").allTextContents(),
    ).toEqual([
      "Flight.origin → Airport: many to one, required",
      "Flight.destination → Airport: many to one, required",
    ]);

    expect(seen.errors).toEqual([]);
    const urls = seen.requests.map(({ url }) => url).filter((url) => !url.startsWith("data:"));
    expect(urls.filter((url) => new URL(url).origin !== demo.baseUrl)).toEqual([]);
    expect(urls.filter((url) => url.includes(demo.key))).toEqual([]);
    expect(await keptBy(context, page)).not.toContain(demo.key);
    await context.close();
  });

  it("finds an operation, proposes a valid body, and offers the document for download", async () => {
    const { context, page, seen } = await visit();
    await unlock(page);
    await page.getByRole("button", { name: "Test Request" }).first().waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("combobox").fill("create airport");
    await page.getByRole("option", { name: "Create a record of Airport" }).click();
    const operation = page.getByRole("region", { name: "Create a record of Airport" });
    await operation.getByRole("button", { name: "Test Request" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Send" }).first().click();
    await dialog.getByText("201 Created").waitFor();
    await page.keyboard.press("Escape");
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download OpenAPI Document" }).click();
    expect((await downloading).suggestedFilename()).toMatch(/\.json$/);
    expect(seen.errors).toEqual([]);
    await context.close();
  });

  it("says what is wrong with a key, and opens with the right one", async () => {
    const { context, page } = await visit();
    const said = page.getByRole("alert");
    await unlock(page, "sk_live_wrong");
    await said.getByText("Invalid API key.").waitFor();
    await unlock(page, "sk_live_…");
    await said.getByText("This is not an API key: it begins with sk_live_.").waitFor();
    await context.setOffline(true);
    await unlock(page);
    await said.getByText("The server cannot be reached.").waitFor();
    await context.setOffline(false);
    await unlock(page);
    await page.getByRole("tab", { name: "Reference" }).waitFor();
    await context.close();
  });

  it("opens without a key where there is something for anybody, and sends none with what is tried", async () => {
    const { context, page, seen } = await visit();
    const open = () => page.getByRole("button", { name: "Open" }).click();
    await open();
    await page.getByRole("alert").getByText("Invalid API key.").waitFor();
    const roles = `${demo.baseUrl}/admin/v1/organizations/demo/workspaces/air/roles`;
    const headers = { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" };
    const scopes = [{ entity: "Airport", operations: ["read"] }];
    const body = JSON.stringify({ name: "anonymous", permission: "READ_ONLY", scopes });
    expect((await fetch(roles, { method: "POST", headers, body })).status).toBe(201);
    await open();
    const sidebar = page.getByRole("navigation");
    await sidebar.getByRole("button", { name: "Airport Open Group" }).waitFor();
    expect(await sidebar.getByRole("button", { name: "Flight Open Group" }).count()).toBe(0);
    await page.getByRole("button", { name: "Test Request" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Send" }).first().click();
    await dialog.getByText("200 OK").waitFor();
    expect(seen.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect((await fetch(`${roles}/anonymous`, { method: "DELETE", headers })).status).toBe(204);
    await context.close();
  });

  it("forgets the key when it is locked or loaded again", async () => {
    const { context, page } = await visit();
    for (const forget of [() => page.getByRole("button", { name: "Lock" }).click(), () => page.reload()]) {
      await unlock(page);
      await page.getByRole("tab", { name: "Reference" }).waitFor();
      await forget();
      await page.getByLabel("API key").waitFor();
      expect(await page.getByLabel("API key").inputValue()).toBe("");
    }
    await context.close();
  });

  it("can be used from the keyboard alone", async () => {
    const { context, page } = await visit();
    await page.keyboard.type(demo.key);
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Reference", selected: true }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tab", { name: "Diagram", selected: true }).waitFor();
    const svg = page.getByRole("img", { name: "Entities and their relationships" });
    const width = async () => Number(await svg.getAttribute("width"));
    const before = await width();
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press("Tab");
      if (
        await page.getByRole("button", { name: "Larger" }).evaluate((each) => each === document.activeElement)
      )
        break;
    }
    await page.keyboard.press("Enter");
    expect(await width()).toBeGreaterThan(before);
    await context.close();
  });

  it("accepts keys and draws the entities before the reference is rendered, which is slow for many", async () => {
    const { context, page } = await visit();
    await page.evaluate(() => {
      window.requestAnimationFrame = () => 0;
    });
    await unlock(page);
    await page.getByRole("tab", { name: "Reference" }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("img", { name: "Entities and their relationships" }).waitFor();
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`fits a phone, ${colorScheme}`, async () => {
      const { context, page } = await visit({ colorScheme, viewport: { width: 390, height: 844 } });
      const isWider = () =>
        page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      expect(await isWider()).toBe(false);
      await unlock(page);
      await page.getByRole("button", { name: "Test Request" }).first().waitFor();
      expect(await isWider()).toBe(false);
      await page.getByRole("button", { name: "Test Request" }).first().click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: "Send" }).first().waitFor();
      expect(await dialog.locator("main").evaluate((each) => each.scrollWidth > each.clientWidth)).toBe(
        false,
      );
      const close = dialog.getByRole("button", { name: "Close Client" });
      const [bar, cross] = [await page.locator(".bar").boundingBox(), await close.boundingBox()];
      expect(cross?.y).toBeGreaterThanOrEqual(bar?.height ?? Number.NaN);
      await close.click();
      await page.getByRole("tab", { name: "Diagram" }).click();
      expect(await isWider()).toBe(false);
      const [red = 0] = await page.evaluate(() =>
        (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number),
      );
      expect(red < 128).toBe(colorScheme === "dark");
      await context.close();
    });
  }
});
