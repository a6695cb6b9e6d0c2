import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { useCliWorkspace } from "../support/processes/cli-workspace.ts";
import { startIssuers } from "../support/processes/test-issuers.ts";

const { w, cli, jsonOf, statusWith } = useCliWorkspace({
  ALLOW_HTTP_WEBHOOKS: "true",
  ALLOW_PRIVATE_WEBHOOKS: "true",
});

/** A file with JSON, removed after the test. */
function jsonFile(value: unknown): string {
  const directory = mkdtempSync(join(tmpdir(), "cli-access-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "rules.json");
  writeFileSync(file, JSON.stringify(value));
  return file;
}

/** An OpenID provider with one key, closed after the test. */
async function startProvider() {
  const issuers = await startIssuers();
  onTestFinished(issuers.close);
  const issuer = `${issuers.url}/main`;
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" }];
  await fetch(issuer, { method: "PUT", body: JSON.stringify({ keys }) });
  return {
    issuer,
    tokenOf: (sub: string, issuedAtSeconds = Math.floor(Date.now() / 1000)) =>
      new SignJWT({ sub, iss: issuer, aud: "app" })
        .setProtectedHeader({ alg: "ES256", kid: "one" })
        .setIssuedAt(issuedAtSeconds)
        .setExpirationTime("10m")
        .sign(privateKey),
  };
}

const OWN = [{ entity: "Note", operations: ["read"], filter: { owner: { $claim: "sub" } } }];

describe("roles", () => {
  it("creates, lists, shows, changes and deletes a role", async () => {
    const created = await cli("roles", "create", "anonymous", "--scopes", "Note:read");
    expect(created).toMatchObject({ code: 0, stdout: "Created anonymous.\n" });
    expect(await statusWith()).toBe(200);
    expect((await cli("roles", "list")).stdout).toMatch(
      /^NAME +PERMISSION +ENTITIES +UPDATED\nanonymous +READ_ONLY +Note +20\S+Z\n$/,
    );
    const change = ["--permission", "READ_WRITE", "--scopes", "all"];
    expect(await jsonOf("roles", "update", "anonymous", ...change)).toMatchObject({
      permission: "READ_WRITE",
      scopes: null,
    });
    expect((await cli("roles", "list")).stdout).toMatch(/READ_WRITE +all/);
    const shown = await cli("roles", "show", "anonymous");
    expect(JSON.parse(shown.stdout)).toMatchObject({ name: "anonymous", scopes: null });
    expect(await cli("roles", "delete", "anonymous")).toMatchObject({ stdout: "Deleted anonymous.\n" });
    expect(await statusWith()).toBe(401);
  });

  it("takes rules inline and from a file, and shows the warnings about them", async () => {
    const inline = await cli("roles", "create", "a", "--scopes", JSON.stringify(OWN));
    expect(inline.stdout).toMatch(/^Created a\.\nWarning: scopes\S+: /);
    const fromFile = await jsonOf("roles", "create", "b", "--scopes", `@${jsonFile(OWN)}`);
    expect(fromFile).toMatchObject({ scopes: OWN });
  });
});

describe("issuers", () => {
  it("creates, lists, shows, changes, revokes and deletes an issuer", async () => {
    const place = ["--issuer", "https://id.example.com/", "--audience", "app"];
    const more = ["--role-claim", "role", "--algorithms", "RS256,ES256"];
    expect(await jsonOf("issuers", "create", "main", ...place, ...more)).toMatchObject({
      name: "main",
      issuer: "https://id.example.com/",
      audience: "app",
      roleClaim: "role",
      algorithms: ["RS256", "ES256"],
    });
    expect((await cli("issuers", "list")).stdout).toMatch(/main +https:\/\/id\.example\.com\/ +app +role\n$/);
    const change = ["--role-claim", "none", "--jwks-url", "https://id.example.com/keys"];
    await jsonOf("issuers", "update", "main", ...change);
    expect(await jsonOf("issuers", "show", "main")).toMatchObject({
      roleClaim: null,
      jwksUrl: "https://id.example.com/keys",
      audience: "app",
    });
    expect(await jsonOf("issuers", "revoke", "main", "--sub", "u")).toEqual({
      revokedBefore: expect.stringMatching(/^20/),
    });
    expect((await cli("issuers", "revoke", "main", "--all")).stdout).toMatch(/^Revoked all tokens /);
    await jsonOf("issuers", "delete", "main");
    expect(await jsonOf("issuers", "list")).toEqual([]);
  });
});

describe("users of an issuer", () => {
  it("are let in by a role, and signed out by revoke: one of them, or all", async () => {
    const provider = await startProvider();
    const place = ["--issuer", provider.issuer, "--audience", "app"];
    await jsonOf("issuers", "create", "main", ...place);
    await jsonOf("roles", "create", "authenticated", "--scopes", JSON.stringify(OWN));
    const [ann, bob] = [await provider.tokenOf("ann"), await provider.tokenOf("bob")];
    expect([await statusWith(ann), await statusWith(bob)]).toEqual([200, 200]);
    expect(await jsonOf("me", "--as", "key", "--key", ann)).toMatchObject({ kind: "USER", subject: "ann" });
    await jsonOf("issuers", "revoke", "main", "--sub", "ann");
    expect([await statusWith(ann), await statusWith(bob)]).toEqual([401, 200]);
    await jsonOf("issuers", "revoke", "main", "--all");
    expect(await statusWith(bob)).toBe(401);
    const signedInAgain = await provider.tokenOf("bob", Math.floor(Date.now() / 1000) + 2);
    expect(await statusWith(signedInAgain)).toBe(200);
    await jsonOf("issuers", "delete", "main");
    expect(await statusWith(signedInAgain)).toBe(401);
  });
});

describe("tokens", () => {
  it("mints a token that works until it is revoked", async () => {
    const minter = ["--may-mint-tokens", "--scopes", JSON.stringify(OWN)];
    const { key } = await jsonOf("keys", "create", "backend", ...minter);
    const claims = ["--claims", '{"team":["a"]}', "--expires-in", "600"];
    const mint = async (sub: string) =>
      (await cli("tokens", "mint", "--key", key, "--sub", sub, ...claims)).stdout.trim();
    const [one, other] = [await mint("user_1"), await mint("user_2")];
    expect(one).toMatch(/^st_\S+$/);
    expect([await statusWith(one), await statusWith(other)]).toEqual([200, 200]);
    expect(await jsonOf("me", "--as", "key", "--key", one)).toMatchObject({
      kind: "TOKEN",
      subject: "user_1",
      claims: { team: ["a"] },
    });
    await jsonOf("tokens", "revoke", "--sub", "user_1");
    expect([await statusWith(one), await statusWith(other)]).toEqual([401, 200]);
    await jsonOf("tokens", "revoke", "--all", "--as", "key", "--key", key);
    expect(await statusWith(other)).toBe(401);
    expect(await cli("tokens", "mint", "--sub", "u")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("(403 FORBIDDEN)"),
    });
  });
});

describe("administrators", () => {
  it("adds a member, changes the role and removes the member", async () => {
    const email = `${w().organization}@example.com`;
    const added = await jsonOf("members", "add", email, "--role", "EDITOR");
    expect(added).toMatchObject({ email, organization: w().organization, role: "EDITOR" });
    const listed = (await cli("members", "list")).stdout;
    expect(listed).toMatch(new RegExp(`${added.id} +${email} +${w().organization} +EDITOR`));
    expect(await cli("members", "update", added.id, "--role", "VIEWER")).toMatchObject({
      code: 0,
      stdout: `Updated ${email} (${added.id}).\n`,
    });
    expect(await jsonOf("members", "remove", added.id)).toEqual({ id: added.id, removed: true });
  });

  it("creates an admin key, which cannot give a role above its own, rotates it and revokes it", async () => {
    const created = await jsonOf("admin-keys", "create", "deploy", "--role", "ADMIN");
    const asKey = (...args: readonly string[]) => cli(...args, "--admin-token", created.key);
    expect(JSON.parse((await asKey("me")).stdout)).toMatchObject({ kind: "ADMIN_KEY", role: "ADMIN" });
    const refused = { code: 1, stderr: "Your role does not allow this (403 FORBIDDEN)\n" };
    expect(await asKey("members", "add", "a@example.com", "--role", "OWNER")).toMatchObject(refused);
    expect(await asKey("admin-keys", "create", "x", "--role", "OWNER")).toMatchObject(refused);

    const change = ["--name", "ci", "--role", "VIEWER", "--allowed-ips", "127.0.0.1"];
    expect(await jsonOf("admin-keys", "update", created.id, ...change)).toMatchObject({
      name: "ci",
      role: "VIEWER",
      allowedIps: ["127.0.0.1"],
    });
    const rotated = await jsonOf("admin-keys", "rotate", created.id);
    expect(await asKey("me")).toMatchObject({ code: 1, stderr: expect.stringContaining("(401 ") });
    expect(await cli("me", "--admin-token", rotated.key)).toMatchObject({ code: 0 });
    expect(await cli("admin-keys", "revoke", created.id)).toMatchObject({ code: 0 });
    expect((await cli("admin-keys", "list")).stdout).toMatch(
      new RegExp(`${created.id} +ci +adm_live_\\S+ +${w().organization} +VIEWER`),
    );
  });

  it("gives a role in all organizations when asked to", async () => {
    const created = await jsonOf("admin-keys", "create", "all", "--role", "VIEWER", "--all-organizations");
    expect(created).toMatchObject({ organization: null });
  });
});

describe("errors", () => {
  it.each([
    [["roles", "show", "nobody"], 1, "(404 "],
    [["issuers", "revoke", "nobody", "--sub", "u"], 1, "(404 "],
    [["members", "remove", "nobody"], 1, "(404 "],
    [["roles", "create", "r", "--scopes", "Nothing:read"], 1, "scopes[0].entity"],
    [["roles", "create", "r"], 2, "required option '--scopes <scopes>' not specified"],
    [["roles", "create", "r", "--scopes", "[{"], 2, "It is not JSON: "],
    [["roles", "create", "r", "--scopes", "{}"], 2, "It must be a JSON array of scopes."],
    [["roles", "create", "r", "--scopes", "@/nowhere.json"], 2, "no such file or directory"],
    [["roles", "update", "r"], 2, "Nothing to change"],
    [["tokens", "mint", "--sub", "u", "--claims", "[1]"], 2, "It must be a JSON object."],
    [["tokens", "revoke"], 2, "Give --sub or --all."],
    [["issuers", "revoke", "main", "--sub", "u", "--all"], 2, "Give --sub or --all."],
    [["members", "add", "a@example.com", "--role", "KING"], 2, "Allowed choices are VIEWER, OPERATOR"],
    [["members", "add", "a@example.com", "--role", "VIEWER", "--org", ""], 2, "Missing an organization"],
  ])("says why %j is refused", async (args, code, message) => {
    expect(await cli(...args)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });
});
