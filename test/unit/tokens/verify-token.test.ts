import { base64url, SignJWT } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { KeySetStore, StoredKeySet } from "../../../src/kv/key-set-store.ts";
import { KeySets } from "../../../src/tokens/key-sets.ts";
import { verifyToken } from "../../../src/tokens/verify-token.ts";
import { makeIssuer } from "../../support/test-issuer.ts";

const AUDIENCE = "audience";
const policy = { allowsHttp: true, allowsPrivate: true };
const unique = () => `issuer-${crypto.randomUUID()}`;
const NOW = new Date();
const SECOND_MS = 1000;
const later = (seconds: number) => new Date(NOW.getTime() + seconds * SECOND_MS);
const nowSeconds = Math.floor(NOW.getTime() / SECOND_MS);
const INVALID = { code: "UNAUTHORIZED", message: "Invalid token" };
const EXPIRED = { code: "UNAUTHORIZED", message: "Token has expired" };

const provider = makeIssuer(unique(), AUDIENCE);
const trusted = { issuer: provider.issuer, audience: AUDIENCE };
let keySets = new KeySets({ policy });
const verify = (token: string, now = NOW) => verifyToken(token, trusted, { keySets, now });

beforeAll(async () => {
  await provider.addKey("one");
});

describe("a token is accepted", () => {
  it.each([
    ["as its issuer makes it", {}],
    ["with the audience in a list", { aud: ["other", AUDIENCE] }],
    ["within 30 seconds after its end", { exp: nowSeconds - 29 }],
    ["within 30 seconds before its beginning", { nbf: nowSeconds + 29 }],
  ])("%s", async (_, changes) => {
    expect(await verify(await provider.sign("one", changes))).toMatchObject({ sub: "somebody" });
  });
});

describe("a token is refused", () => {
  it.each([
    ["after its end and 30 seconds", { exp: nowSeconds - 31 }, EXPIRED],
    ["with an end of 0", { exp: 0 }, EXPIRED],
    ["without an end", { exp: undefined }, INVALID],
    ["with a text as its end", { exp: "tomorrow" }, INVALID],
    ["before its beginning", { nbf: nowSeconds + 40 }, INVALID],
    ["for another audience", { aud: "other" }, INVALID],
    ["without an audience", { aud: undefined }, INVALID],
    ["of another issuer", { iss: `${provider.issuer}/` }, INVALID],
    ["without an issuer", { iss: undefined }, INVALID],
    ["over 8 KiB", { filler: "x".repeat(8 * 1024) }, INVALID],
  ])("%s", async (_, changes, error) => {
    await expect(verify(await provider.sign("one", changes))).rejects.toMatchObject(error);
  });

  it("without a signature", async () => {
    const [, claims] = (await provider.sign("one", {})).split(".");
    for (const alg of ["none", "None", "NONE"]) {
      const header = base64url.encode(JSON.stringify({ alg, kid: "one" }));
      await expect(verify(`${header}.${claims}.`)).rejects.toMatchObject(INVALID);
    }
  });

  it("with an HMAC under the public key", async () => {
    const secret = new TextEncoder().encode(JSON.stringify(provider.publicKeys[0]));
    const token = await new SignJWT({ sub: "somebody" })
      .setProtectedHeader({ alg: "HS256", kid: "one" })
      .setIssuer(provider.issuer)
      .setAudience(AUDIENCE)
      .setExpirationTime("5m")
      .sign(secret);
    await expect(verify(token)).rejects.toMatchObject(INVALID);
  });

  it.each(["jwk", "x5u", "jku"])("with a key of its own in the header %s", async (name) => {
    const forger = makeIssuer(unique(), AUDIENCE);
    await forger.addKey("one");
    const value = name === "jwk" ? forger.publicKeys[0] : `${forger.issuer}/keys`;
    const token = await forger.sign("one", { iss: provider.issuer }, { [name]: value });
    await expect(verify(token)).rejects.toMatchObject(INVALID);
    expect(await forger.asked()).toBe(0);
  });

  it("with the kid of another issuer's key", async () => {
    const other = makeIssuer(unique(), AUDIENCE);
    await other.addKey("one");
    await expect(verify(await other.sign("one", {}))).rejects.toMatchObject(INVALID);
    await expect(verify(await other.sign("one", { iss: provider.issuer }))).rejects.toMatchObject(INVALID);
  });

  it("with changed claims, a cut signature, or as no JWT at all", async () => {
    const [header = "", , signature = ""] = (await provider.sign("one", {})).split(".");
    const claims = base64url.encode(JSON.stringify({ iss: provider.issuer, aud: AUDIENCE, exp: 9e9 }));
    for (const token of [`${header}.${claims}.${signature}`, `${header}.${claims}.`, "a.b", "a.b.c", ""])
      await expect(verify(token)).rejects.toMatchObject(INVALID);
  });
});

describe("a token that was accepted", () => {
  it("is accepted again without a look at its signature, until its end", async () => {
    const token = await provider.sign("one", { exp: nowSeconds + 60 });
    const checkSignature = vi.spyOn(crypto.subtle, "verify");
    for (const seconds of [0, 1, 89])
      expect(await verify(token, later(seconds))).toMatchObject({ sub: "somebody" });
    expect(checkSignature).toHaveBeenCalledTimes(1);
    checkSignature.mockRestore();
    await expect(verify(token, later(91))).rejects.toMatchObject(EXPIRED);
  });

  it("is refused where less is trusted", async () => {
    const token = await provider.sign("one", {});
    await verify(token);
    for (const less of [{ audience: "other" }, { algorithms: ["RS256"] as const }])
      await expect(verifyToken(token, { ...trusted, ...less }, { keySets, now: NOW })).rejects.toMatchObject(
        INVALID,
      );
  });

  it("is refused once its key was withdrawn", async () => {
    const withdrawing = makeIssuer(unique(), AUDIENCE);
    const trust = { issuer: withdrawing.issuer, audience: AUDIENCE };
    await withdrawing.addKey("one");
    await withdrawing.addKey("two");
    const token = await withdrawing.sign("one", { exp: nowSeconds + 9_000 });
    const check = (seconds: number) => verifyToken(token, trust, { keySets, now: later(seconds) });
    await check(0);
    await withdrawing.publish(withdrawing.publicKeys.slice(1));
    await check(599);
    await expect(check(601)).rejects.toMatchObject(INVALID);
  });
});

describe("the keys of an issuer", () => {
  it("are requested again for an unknown key, at most once in 30 seconds", async () => {
    const rotating = makeIssuer(unique(), AUDIENCE);
    const trust = { issuer: rotating.issuer, audience: AUDIENCE };
    keySets = new KeySets({ policy });
    const check = async (kid: string, now: Date) =>
      verifyToken(await rotating.sign(kid, {}), trust, { keySets, now }).then(
        () => "ACCEPTED",
        ({ code }) => code,
      );
    await rotating.addKey("old");
    expect(await check("old", NOW)).toBe("ACCEPTED");
    await rotating.addKey("new");
    expect([await check("new", later(29)), await rotating.asked()]).toEqual(["UNAUTHORIZED", 1]);
    expect([await check("new", later(31)), await rotating.asked()]).toEqual(["ACCEPTED", 2]);
    await rotating.publish(rotating.publicKeys.slice(1));
    expect([await check("old", later(60)), await rotating.asked()]).toEqual(["ACCEPTED", 2]);
  });

  it("stay valid while the issuer is down; a token with an unknown key is 503", async () => {
    const failing = makeIssuer(unique(), AUDIENCE);
    const trust = { issuer: failing.issuer, audience: AUDIENCE };
    await failing.addKey("one");
    await failing.publish(undefined);
    const token = await failing.sign("one", {});
    const sets = new KeySets({ policy });
    const check = (now: Date) => verifyToken(token, trust, { keySets: sets, now });
    for (const seconds of [0, 29])
      await expect(check(later(seconds))).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(await failing.asked()).toBe(1);
    await failing.publish(failing.publicKeys);
    expect(await check(later(31))).toMatchObject({ sub: "somebody" });
    await failing.publish(undefined);
    expect(await check(later(620))).toMatchObject({ sub: "somebody" });
  });

  it("are not asked for oftener while the issuer is down, and only known ones are judged", async () => {
    const failing = makeIssuer(unique(), AUDIENCE);
    const trust = { issuer: failing.issuer, audience: AUDIENCE };
    await failing.addKey("one");
    const sets = new KeySets({ policy });
    const check = async (kid: string, seconds: number) =>
      verifyToken(await failing.sign(kid, {}), trust, { keySets: sets, now: later(seconds) }).then(
        () => "ACCEPTED",
        ({ code }) => code,
      );
    expect(await check("one", 0)).toBe("ACCEPTED");
    await failing.addKey("two");
    await failing.publish(undefined);
    expect([await check("two", 29), await failing.asked()]).toEqual(["UNAUTHORIZED", 1]);
    expect([await check("two", 31), await failing.asked()]).toEqual(["SERVICE_UNAVAILABLE", 2]);
    expect([await check("two", 60), await failing.asked()]).toEqual(["SERVICE_UNAVAILABLE", 2]);
    expect([await check("one", 60), await failing.asked()]).toEqual(["ACCEPTED", 2]);
    await failing.publish(failing.publicKeys);
    expect([await check("two", 62), await failing.asked()]).toEqual(["ACCEPTED", 3]);
  });

  it("are kept for other isolates, for a day", async () => {
    const kept = new Map<string, StoredKeySet>();
    const store: KeySetStore = {
      find: async (source) => kept.get(source),
      put: async (source, keySet) => void kept.set(source, keySet),
    };
    const issuer = makeIssuer(unique(), AUDIENCE);
    const trust = { issuer: issuer.issuer, audience: AUDIENCE };
    await issuer.addKey("one");
    const check = async (now: Date) =>
      verifyToken(await issuer.sign("one", { exp: nowSeconds + 200_000 }), trust, {
        keySets: new KeySets({ policy }, store),
        now,
      });
    await check(NOW);
    await issuer.publish(undefined);
    expect(await check(later(86_000))).toMatchObject({ sub: "somebody" });
    await expect(check(later(87_000))).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });

  it("are not fetched from addresses that webhooks may not be sent to", async () => {
    const sets = new KeySets({ policy: { allowsHttp: true, allowsPrivate: false } });
    const token = await provider.sign("one", {});
    const before = await provider.asked();
    await expect(verifyToken(token, trusted, { keySets: sets, now: NOW })).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
    });
    expect(await provider.asked()).toBe(before);
  });
});
