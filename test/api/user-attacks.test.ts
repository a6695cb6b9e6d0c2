import { env } from "cloudflare:workers";
import { base64url, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/lib/hashing.ts";
import { ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import type { TestIssuer } from "../support/test-issuer.ts";
import { AUDIENCE, KEY_ID, makeRole, startIssuer, trust, type UserIssuer } from "../support/users.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* What somebody without the issuer's key can send, and what a broken issuer can. test/unit/tokens has more of signatures. */

const unauthorized = (message: string) => ({ code: "UNAUTHORIZED", message });
const INVALID = unauthorized("Invalid token");
const EXPIRED = unauthorized("Token has expired");
const FOREIGN = unauthorized("Token is not valid for this workspace");
const nowSeconds = () => Math.floor(Date.now() / 1000);

async function makeTrusting(more: object = {}, provider?: UserIssuer) {
  const [w, issuer] = await Promise.all([
    makeWorkspace({ name: "Note", columns: [] }),
    provider ?? startIssuer(),
  ]);
  await trust(w, issuer, more);
  await makeRole(w, "authenticated");
  return { w, provider: issuer };
}

const enter = (w: TestWorkspace, token: string) => ask("GET", `${w.apiPath}/me`, { token });

let w: TestWorkspace;
let provider: UserIssuer;
beforeAll(async () => {
  ({ w, provider } = await makeTrusting());
});

describe("a token lets its user in", () => {
  it.each([
    ["with the audience in a list", () => ({ aud: ["other", AUDIENCE] })],
    ["within 30 seconds after its end", () => ({ exp: nowSeconds() - 20 })],
    ["within 30 seconds before its beginning", () => ({ nbf: nowSeconds() + 20 })],
    ["with an end that no calendar has", () => ({ exp: 1e300 })],
  ])("%s", async (_, claims) => {
    expectStatus(await enter(w, await provider.tokenOf("ann", claims())), 200);
  });
});

describe("a token is refused", () => {
  it.each([
    ["without an end", { exp: undefined }, INVALID],
    ["with an end of 0", { exp: 0 }, EXPIRED],
    ["with a text as its end", { exp: "9999999999" }, INVALID],
    ["after its end", { exp: 1_700_000_000 }, EXPIRED],
    ["before its beginning", { nbf: 9_999_999_999 }, INVALID],
    ["for another audience", { aud: "other" }, INVALID],
    ["for a list of other audiences", { aud: ["other"] }, INVALID],
    ["without an audience", { aud: undefined }, INVALID],
    ["without a subject", { sub: undefined }, INVALID],
    ["with an empty subject", { sub: "" }, INVALID],
    ["with a number as its subject", { sub: 5 }, INVALID],
    ["from the future", { iat: 9_999_999_999 }, INVALID],
    ["over 8 KiB", { filler: "x".repeat(8 * 1024) }, INVALID],
    ["of an issuer that nobody trusts", { iss: "https://example.com" }, FOREIGN],
    ["of an issuer with a slash more", { iss: "SLASH" }, FOREIGN],
    ["without an issuer", { iss: undefined }, FOREIGN],
    ["of a list of issuers", { iss: "LIST" }, FOREIGN],
  ])("%s", async (_, changes: Record<string, unknown>, error) => {
    const issuers: Record<string, unknown> = { SLASH: `${provider.issuer}/`, LIST: [provider.issuer] };
    const claims = "iss" in changes ? { iss: issuers[String(changes.iss)] ?? changes.iss } : changes;
    expectFailure(await enter(w, await provider.sign(KEY_ID, { sub: "ann", ...claims })), 401, error);
  });

  it("that nobody has signed, or somebody else", async () => {
    const good = await provider.tokenOf("ann");
    const [header = "", claims = "", signature = ""] = good.split(".");
    const forger = await startIssuer();
    const secret = new TextEncoder().encode(JSON.stringify(provider.publicKeys[0]));
    const symmetric = await new SignJWT({ sub: "ann" })
      .setProtectedHeader({ alg: "HS256", kid: KEY_ID })
      .setIssuer(provider.issuer)
      .setAudience(AUDIENCE)
      .setExpirationTime("5m")
      .sign(secret);
    const asProvider = (more: object) => forger.sign(KEY_ID, { sub: "ann", iss: provider.issuer }, more);
    const encode = (value: object) => base64url.encode(JSON.stringify(value));
    const other = encode({ iss: provider.issuer, aud: AUDIENCE, sub: "bob", exp: nowSeconds() + 60 });
    const forged = [
      ...["none", "None", "NONE", ""].map((alg) => `${encode({ alg, kid: KEY_ID })}.${claims}.`),
      `${encode({ alg: "none" })}.${claims}.${signature}`,
      symmetric,
      await asProvider({}),
      await asProvider({ kid: "unknown" }),
      await asProvider({ kid: undefined }),
      await asProvider({ jwk: forger.publicKeys[0] }),
      await asProvider({ jku: `${forger.issuer}/keys` }),
      await asProvider({ x5u: `${forger.issuer}/keys` }),
      await asProvider({ x5c: ["AAAA"] }),
      `${header}.${other}.${signature}`,
      `${header}.${claims}.`,
      `${header}.${claims}.${signature.slice(0, -4)}`,
      "a.b.c",
      "e30.e30.e30",
      `${good}${"A".repeat(8_192)}`,
    ];
    for (const token of forged) {
      const { status, body } = await enter(w, token);
      expect([token.slice(0, 60), status, body.error.code]).toEqual([
        token.slice(0, 60),
        401,
        "UNAUTHORIZED",
      ]);
      expect(["Invalid token", "Token is not valid for this workspace"]).toContain(body.error.message);
    }
    expect(await forger.asked()).toBe(0);
  });

  it("at the border of its workspace, and where there is none", async () => {
    const other = await makeTrusting();
    expectFailure(await enter(other.w, await provider.tokenOf("ann")), 401, FOREIGN);
    expectFailure(await enter(w, await other.provider.tokenOf("ann")), 401, FOREIGN);
    const token = await provider.tokenOf("ann");
    expectFailure(await ask("GET", "/api/v1/no-such/workspace/me", { token }), 401, FOREIGN);
  });

  it("by the key of another issuer that the workspace trusts, although both have one kid", async () => {
    const own = await makeTrusting();
    const second = await startIssuer();
    await trust(own.w, second, { name: "second" });
    expectStatus(await enter(own.w, await second.tokenOf("ann")), 200);
    const mixed = await second.sign(KEY_ID, { sub: "ann", iss: own.provider.issuer });
    expectFailure(await enter(own.w, mixed), 401, INVALID);
  });

  it("with an algorithm that the issuer is not trusted with", async () => {
    const own = await makeTrusting({ algorithms: ["RS256"] });
    expectFailure(await enter(own.w, await own.provider.tokenOf("ann")), 401, INVALID);
  });

  it("with an algorithm of its key's own choice", async () => {
    const publicKeys = provider.publicKeys.map((key) => ({ ...key, alg: "HS256", kty: "oct", k: "AAAA" }));
    const own = await makeTrusting({}, await startIssuer());
    await own.provider.publish(publicKeys);
    const token = await new SignJWT({ sub: "ann" })
      .setProtectedHeader({ alg: "HS256", kid: KEY_ID })
      .setIssuer(own.provider.issuer)
      .setAudience(AUDIENCE)
      .setExpirationTime("5m")
      .sign(new Uint8Array(32));
    expectFailure(await enter(own.w, token), 401, INVALID);
  });
});

describe("wrong tokens", () => {
  it("count against their address, and cost at most one round trip", async () => {
    const token = (await provider.tokenOf("ann")).replace(/.{8}$/, "AAAAAAAA");
    const { answer, roundTrips } = await askCounted("GET", `${w.apiPath}/me`, { token });
    expect([answer.status, roundTrips]).toEqual([401, 1]);
    const headers = { "CF-Connecting-IP": "198.51.100.98" };
    const asked = Array.from({ length: 90 }, () => ask("GET", `${w.apiPath}/me`, { token, headers }));
    const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
    expect(statuses).toEqual(new Set([401, 429]));
    expectStatus(await ask("GET", `${w.apiPath}/me`, { token: await provider.tokenOf("ann"), headers }), 200);
  });
});

describe("the keys of an issuer", () => {
  const UNAVAILABLE = {
    code: "SERVICE_UNAVAILABLE",
    message: "The service is temporarily unavailable — please retry",
  };
  const kvName = async ({ issuer }: Pick<TestIssuer, "issuer">, jwksUrl: string | null = null) =>
    `jwks:${await sha256Hex(JSON.stringify([issuer, jwksUrl]))}`;

  it("are asked for once, and kept in KV", async () => {
    const own = await makeTrusting();
    for (let i = 0; i < 3; i++) expectStatus(await enter(own.w, await own.provider.tokenOf("ann")), 200);
    expect(await own.provider.asked()).toBe(1);
    const kept = await env.API_KEYS.get<{ content: string }>(await kvName(own.provider), "json");
    expect(JSON.parse(kept?.content ?? "")).toEqual({ keys: own.provider.publicKeys });
  });

  it("that KV holds let users in while the issuer is down; unknown ones make it 503", async () => {
    const down = await startIssuer();
    const content = JSON.stringify({ keys: down.publicKeys });
    await env.API_KEYS.put(await kvName(down), JSON.stringify({ content, fetchedMs: Date.now() - 700_000 }));
    await down.publish(undefined);
    const own = await makeTrusting({}, down);
    expectStatus(await enter(own.w, await down.tokenOf("ann")), 200);
    await down.addKey("two");
    await down.publish(undefined);
    for (let i = 0; i < 2; i++) {
      const answer = await enter(own.w, await down.sign("two", { sub: "ann" }));
      expectFailure(answer, 503, UNAVAILABLE);
      expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
      expectStatus(await enter(own.w, await down.tokenOf("ann")), 200);
    }
    expect(await down.asked()).toBe(1);
  });

  it.each([
    ["that is down", async ({ publish }: UserIssuer) => publish(undefined)],
    [
      "that sends on to another address",
      async ({ issuer, publish, publicKeys }: UserIssuer) =>
        publish(publicKeys, { redirect: `${issuer}/elsewhere/keys` }),
    ],
    [
      "that sends too much",
      async ({ publish, publicKeys }: UserIssuer) =>
        publish([...publicKeys, { kty: "EC", filler: "x".repeat(300 * 1024) }]),
    ],
    [
      "whose configuration is of another issuer",
      async ({ issuer, publish, publicKeys }: UserIssuer) =>
        publish(publicKeys, { configuration: { issuer: `${issuer}/` } }),
    ],
    [
      "whose configuration names no address",
      async ({ publish, publicKeys }: UserIssuer) => publish(publicKeys, { configuration: { jwks_uri: 5 } }),
    ],
    [
      "whose keys are at an address that is none",
      async ({ publish, publicKeys }: UserIssuer) =>
        publish(publicKeys, { configuration: { jwks_uri: "file:///etc/passwd" } }),
    ],
  ])("cannot be had of an issuer %s: 503", async (_, break_) => {
    const broken = await startIssuer();
    await break_(broken);
    const own = await makeTrusting({}, broken);
    expectFailure(await enter(own.w, await broken.tokenOf("ann")), 503, UNAVAILABLE);
  });

  it("of an issuer that ends with a slash are found, and only its own tokens accepted", async () => {
    const slashed = await startIssuer();
    const issuer = `${slashed.issuer}/`;
    await slashed.publish(slashed.publicKeys, { configuration: { issuer } });
    const own = await makeTrusting({}, { ...slashed, issuer });
    expectStatus(await enter(own.w, await slashed.tokenOf("ann", { iss: issuer })), 200);
    expectFailure(await enter(own.w, await slashed.tokenOf("ann")), 401, FOREIGN);
  });

  it("come from jwksUrl where one is set, for an issuer that need be no address", async () => {
    const own = await startIssuer();
    const { w: v } = await makeTrusting(
      { jwksUrl: `${own.issuer}/keys` },
      { ...own, issuer: "accounts.example.com" },
    );
    expectStatus(await enter(v, await own.tokenOf("ann", { iss: "accounts.example.com" })), 200);
  });

  it("rotate", async () => {
    const own = await makeTrusting();
    expectStatus(await enter(own.w, await own.provider.tokenOf("ann")), 200);
    /* As if the keys had been fetched 31 seconds ago: a new workspace reads them from KV by another name. */
    const jwksUrl = `${own.provider.issuer}/keys`;
    const content = JSON.stringify({ keys: own.provider.publicKeys });
    const fetchedMs = Date.now() - 31_000;
    await env.API_KEYS.put(await kvName(own.provider, jwksUrl), JSON.stringify({ content, fetchedMs }));
    await own.provider.addKey("two");
    expectFailure(await enter(own.w, await own.provider.sign("two", { sub: "ann" })), 401, INVALID);
    expect(await own.provider.asked()).toBe(1);
    expectStatus(await own.w.admin("PATCH", "/issuers/main", { body: { jwksUrl } }), 200);
    expectStatus(await enter(own.w, await own.provider.sign("two", { sub: "ann" })), 200);
    expectStatus(await enter(own.w, await own.provider.tokenOf("ann")), 200);
    expect(await own.provider.asked()).toBe(2);
  });
});
