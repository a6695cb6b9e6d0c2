import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { hasChromium, launchChromium } from "../support/processes/chromium.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  type HttpServer,
  startHttpServer,
  startOpenIdProvider,
} from "../support/processes/openid-provider.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

const CLIENT = "notes-app";

/** A front end without a backend, as docs/access.md advises: it signs in and calls the API directly. */
const appPage = (issuer: string, api: string) => `<!doctype html><title>Notes</title>
<button id="in">Sign in</button> <input id="text" aria-label="Text"><button id="add">Add</button>
<p id="who"></p><ul id="notes"></ul><p role="alert" id="problem"></p>
<script type="module">
const part = (id) => document.getElementById(id);
const redirect_uri = location.origin + "/";
const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=/g, "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const provider = await (await fetch("${issuer}/.well-known/openid-configuration")).json();

part("in").onclick = async () => {
  const [verifier, state] = [random(), random()];
  sessionStorage.setItem("sign-in", JSON.stringify({ verifier, state }));
  const code_challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  location.assign(provider.authorization_endpoint + "?" + new URLSearchParams({
    response_type: "code", client_id: "${CLIENT}", redirect_uri, scope: "openid", state, nonce: random(),
    code_challenge, code_challenge_method: "S256",
  }));
};

let token;
async function call(path, init = {}) {
  const headers = { ...(token && { Authorization: "Bearer " + token }), ...(init.body && { "Content-Type": "application/json" }) };
  const response = await fetch("${api}" + path, { ...init, headers });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error.message);
  return body.data;
}
async function show() {
  try {
    const { kind, subject } = await call("/me");
    const notes = await call("/Note?sort=id");
    part("notes").replaceChildren(...notes.map(({ text }) => Object.assign(document.createElement("li"), { textContent: text })));
    part("who").textContent = subject ?? kind;
  } catch (failure) {
    part("problem").textContent = failure.message;
  }
}
part("add").onclick = async () => {
  await call("/Note", { method: "POST", body: JSON.stringify({ text: part("text").value }) });
  await show();
};

const { code, state } = Object.fromEntries(new URLSearchParams(location.search));
const begun = JSON.parse(sessionStorage.getItem("sign-in") ?? "{}");
if (code && state === begun.state) {
  sessionStorage.removeItem("sign-in");
  history.replaceState(null, "", "/");
  const body = new URLSearchParams({ grant_type: "authorization_code", client_id: "${CLIENT}", code, redirect_uri, code_verifier: begun.verifier });
  ({ id_token: token } = await (await fetch(provider.token_endpoint, { method: "POST", body })).json());
}
await show();
</script>`;

describe.runIf(hasChromium)("a page without a backend, in Chromium", () => {
  let served: Served;
  let provider: HttpServer;
  let app: HttpServer;
  let stranger: HttpServer;
  let browser: Browser;
  let w: ServedWorkspace;
  beforeAll(async () => {
    provider = await startOpenIdProvider();
    served = await serveWorker({ ALLOW_HTTP_WEBHOOKS: "true", ALLOW_PRIVATE_WEBHOOKS: "true" });
    browser = await launchChromium();
    w = await makeServedWorkspace(served.baseUrl, {
      name: "Note",
      columns: [
        { name: "text", type: "VARCHAR" },
        { name: "owner", type: "VARCHAR", indexed: true },
      ],
    });
    const html = appPage(provider.url, served.baseUrl + w.path);
    const serveApp = () =>
      startHttpServer((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end(html));
    [app, stranger] = await Promise.all([serveApp(), serveApp()]);
    const admin = createApiClient(served.baseUrl, ADMIN_TOKEN);
    const mine = { owner: { $claim: "sub" } };
    const own = {
      entity: "Note",
      operations: ["read", "create"],
      filter: mine,
      presets: mine,
      fields: ["text"],
    };
    const open = { entity: "Note", operations: ["read"], filter: { owner: "everybody" }, fields: ["text"] };
    const { adminPath } = w;
    await admin.require("PATCH", adminPath, { corsAllowedOrigins: [app.url] });
    await admin.require("POST", `${adminPath}/issuers`, {
      name: "main",
      issuer: provider.url,
      audience: CLIENT,
    });
    await admin.require("POST", `${adminPath}/roles`, {
      name: "authenticated",
      permission: "READ_WRITE",
      scopes: [own],
    });
    await admin.require("POST", `${adminPath}/roles`, {
      name: "anonymous",
      permission: "READ_ONLY",
      scopes: [open],
    });
    const key = createApiClient(served.baseUrl, w.key);
    await key.require("POST", `${w.path}/Note/bulk`, [
      { text: "welcome", owner: "everybody" },
      { text: "of bob", owner: "bob" },
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([served?.stop(), provider?.close(), app?.close(), stranger?.close()]);
  });

  const notesOf = (page: Page) => page.getByRole("listitem").allTextContents();
  const isSignedIn = (page: Page, who: string) =>
    page.locator("#who").getByText(who, { exact: true }).waitFor();

  async function signIn(user: string): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(app.url);
    await isSignedIn(page, "ANONYMOUS");
    expect(await notesOf(page)).toEqual(["welcome"]);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("User").fill(user);
    await page.getByRole("button", { name: "Sign in" }).click();
    await isSignedIn(page, user);
    return page;
  }

  it("signs in, calls the API across origins, and shows each user their own records", async () => {
    const [ann, bob] = [await signIn("ann"), await signIn("bob")];
    expect(await notesOf(ann)).toEqual([]);
    expect(await notesOf(bob)).toEqual(["of bob"]);
    await ann.getByLabel("Text").fill("of ann");
    await ann.getByRole("button", { name: "Add" }).click();
    await ann.getByRole("listitem").getByText("of ann").waitFor();
    await bob.getByLabel("Text").fill("more of bob");
    await bob.getByRole("button", { name: "Add" }).click();
    await bob.getByRole("listitem").getByText("more of bob").waitFor();
    expect(await notesOf(ann)).toEqual(["of ann"]);
    expect(await notesOf(bob)).toEqual(["of bob", "more of bob"]);
    const owners = (await w.records("Note")).map(({ text, owner }) => `${text}: ${owner}`);
    expect(owners).toEqual(["welcome: everybody", "of bob: bob", "of ann: ann", "more of bob: bob"]);
    for (const who of ['"principal":"USER","issuer":"main","subject":"ann"', '"principal":"ANONYMOUS"'])
      await served.waitFor(who);
  });

  it("reads nothing from an origin that the workspace does not allow", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(stranger.url);
    await page.getByRole("alert").getByText("Failed to fetch").waitFor();
    expect(await notesOf(page)).toEqual([]);
  });
});
