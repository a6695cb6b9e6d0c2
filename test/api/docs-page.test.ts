import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

const get = (path: string, method = "GET") => exports.default.fetch(`https://edge.test${path}`, { method });

describe("GET /docs/{org}/{workspace}", () => {
  it("is the same page for everyone, whether or not the workspace exists", async () => {
    const response = await get("/docs/nobody/nothing");
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/html; charset=UTF-8");
    expect(await response.text()).toContain("<h1>nobody/nothing</h1>");
  });

  it("allows scripts, styles and requests of its own origin only, and no frame, form or base", async () => {
    const policyOf = async () => {
      const response = await get("/docs/o/w");
      const policy = response.headers.get("Content-Security-Policy") ?? "";
      const [, nonce = ""] = /'nonce-(\w{43})'/.exec(policy) ?? [];
      expect(await response.text()).toContain(`<meta property="csp-nonce" nonce="${nonce}">`);
      return { policy: policy.replace(nonce, "…"), nonce };
    };
    const [first, second] = [await policyOf(), await policyOf()];
    expect(first.policy).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-…'; img-src 'self' data:; " +
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(second.nonce).not.toBe(first.nonce);
  });

  it("is not cached and sends no referrer", async () => {
    const { headers } = await get("/docs/o/w");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  it("shows the names in the address as text, never as markup", async () => {
    const text = await (await get("/docs/%3Cimg%20src=x%3E/%22%26amp;'")).text();
    expect(text).toContain("<title>&lt;img src=x&gt;/&quot;&amp;amp;&#39; · API reference</title>");
    expect(text).not.toContain("<img");
  });

  it("allows HEAD, and is 405 for methods that would change something", async () => {
    expect(await (await get("/docs/o/w", "HEAD")).text()).toBe("");
    const refused = await get("/docs/o/w", "POST");
    expect([refused.status, refused.headers.get("Allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });
});
