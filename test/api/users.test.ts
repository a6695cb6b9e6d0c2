import { beforeAll, describe, expect, it } from "vitest";
import { type Asking, ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { call, mcpOf } from "../support/mcp.ts";
import { makeRole, startIssuer, trust, type UserIssuer } from "../support/users.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const EVERYTHING = ["read", "create", "update", "delete"];
const MINE = { owner: { $claim: "sub" } };
const OWN_NOTES = {
  entity: "Note",
  operations: EVERYTHING,
  filter: MINE,
  fields: ["text"],
  presets: MINE,
};
const PUBLIC_NOTES = { entity: "Note", operations: ["read"], filter: { owner: "public" }, fields: ["text"] };
const note = {
  name: "Note",
  columns: [
    { name: "text", type: "VARCHAR" },
    { name: "owner", type: "VARCHAR", indexed: true },
  ],
};

const unauthorized = (message: string) => ({ code: "UNAUTHORIZED", message });
const INVALID = unauthorized("Invalid token");
const forbidden = (message: string) => ({ code: "FORBIDDEN", message });
const NO_ROLE = forbidden("You have no role in this workspace");

interface World {
  readonly w: TestWorkspace;
  readonly provider: UserIssuer;
  /** A client of a user, or without a token of anybody. */
  as(token?: string): (method: string, path: string, asking?: Asking) => ReturnType<typeof ask>;
}

/** A workspace whose users have their own notes, beside two that are public. */
async function makeWorld(): Promise<World> {
  const [w, provider] = await Promise.all([makeWorkspace(note), startIssuer()]);
  await trust(w, provider, { roleClaim: "role" });
  await makeRole(w, "authenticated", { scopes: [OWN_NOTES] });
  const body = ["ann", "ann", "bob", "public", "public"].map((owner, i) => ({
    text: `${owner} ${i}`,
    owner,
  }));
  expectStatus(await w.api("POST", "/Note/bulk", { body }), 200);
  return {
    w,
    provider,
    as: (token) => (method, path, asking) =>
      ask(method, w.apiPath + path, { ...(token !== undefined && { token }), ...asking }),
  };
}

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});

describe("a user", () => {
  it("sees and writes what the role's rules make of the token's claims", async () => {
    const { w, provider, as } = world;
    const ann = as(await provider.tokenOf("ann"));
    const bob = as(await provider.tokenOf("bob"));
    expect((await ann("GET", "/Note?fields=text")).body).toMatchObject({
      data: [{ text: "ann 0" }, { text: "ann 1" }],
      meta: { totalElements: 2 },
    });
    expectFailure(await bob("GET", "/Note/1"), 404, { code: "NOT_FOUND", message: "Record not found: 1" });
    const created = expectStatus(await bob("POST", "/Note", { body: { text: "mine" } }), 201);
    expect(Object.keys(created.body.data)).toEqual(["id", "text"]);
    const { id } = created.body.data;
    expect((await w.api("GET", `/Note/${id}`)).body.data.owner).toBe("bob");
    expectFailure(await ann("DELETE", `/Note/${id}`), 404, {
      code: "NOT_FOUND",
      message: `Record not found: ${id}`,
    });
    expectStatus(await bob("DELETE", `/Note/${id}`), 204);
  });

  it("costs one round trip, and so does anybody", async () => {
    const { provider, w } = world;
    const v = await makeWorld();
    await makeRole(v.w, "anonymous", { scopes: [{ entity: "Note", operations: EVERYTHING }] });
    const callers = [
      [w.apiPath, await provider.tokenOf("ann")],
      [v.w.apiPath, undefined],
    ] as const;
    for (const [path, token] of callers) {
      await ask("GET", `${path}/Note`, { token });
      for (const [method, suffix, status, body, headers] of [
        ["GET", "", 200],
        ["GET", "/me", 200],
        ["GET", "/openapi.json", 200],
        ["GET", "/Note", 200],
        ["GET", "/Note/1", 200],
        ["GET", "/Note/aggregate?measure=count", 200],
        ["PUT", "/Note/1", 200, { text: "ann 0" }],
        ["POST", "/Note", 201, { text: "x" }, { "Idempotency-Key": crypto.randomUUID() }],
        ["POST", "/Note/bulk", 200, [{ text: "x" }]],
        ["POST", "/transaction", 200, { operations: [{ method: "POST", entity: "Note", body: {} }] }],
      ] as const) {
        const { answer, roundTrips } = await askCounted(method, path + suffix, {
          token,
          body,
          ...(headers && { headers }),
        });
        expect([suffix, answer.status, roundTrips], answer.text).toEqual([suffix, status, 1]);
      }
    }
  });

  it("is told who they are, and nothing of keys", async () => {
    const { provider, as, w } = world;
    const ann = as(await provider.tokenOf("ann", { team: "x" }));
    const { data } = (await ann("GET", "/me")).body;
    expect(data).toMatchObject({
      kind: "USER",
      subject: "ann",
      claims: { sub: "ann", team: "x", iss: provider.issuer },
      role: "authenticated",
      permission: "READ_WRITE",
      entities: [{ name: "Note", operations: EVERYTHING, fields: ["id", "text"], writableFields: ["text"] }],
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expectFailure(
      await ann("POST", "/tokens", { body: { claims: { sub: "x" } } }),
      403,
      forbidden("You are not allowed to mint tokens"),
    );
    expectFailure(
      await ann("POST", "/tokens/revoke", { body: { all: true } }),
      403,
      forbidden("You are not allowed to mint tokens"),
    );
    const document = expectStatus(await ann("GET", "/openapi.json"), 200);
    expect(document.text).not.toContain("This API key");
    expect(document.text).toContain("Invalid token");
    await makeRole(w, "reader", {
      permission: "READ_ONLY",
      scopes: [{ ...OWN_NOTES, operations: ["read"], presets: null }],
    });
    const reader = as(await provider.tokenOf("ann", { role: "reader" }));
    expectFailure(
      await reader("POST", "/Note", { body: {} }),
      403,
      forbidden("You have READ_ONLY permissions — data modifications are not allowed"),
    );
    expectFailure(
      await reader("POST", "/Note/bulk", { body: "[" }),
      403,
      forbidden("You have READ_ONLY permissions — data modifications are not allowed"),
    );
    await makeRole(w, "narrow", {
      scopes: [{ ...OWN_NOTES, operations: ["read", "create"], check: { text: "allowed" } }],
    });
    const narrow = as(await provider.tokenOf("ann", { role: "narrow" }));
    expectFailure(
      await narrow("POST", "/Note", { body: { text: "x" } }),
      403,
      forbidden("You are not allowed to create this Note"),
    );
    expectFailure(await narrow("DELETE", "/Note/1"), 403, forbidden("You are not allowed to delete Note"));
    expectFailure(await narrow("GET", "/Other"), 403, forbidden("You are not allowed to read Other"));
  });

  it("uses MCP with what the role allows", async () => {
    const { w, provider } = await makeWorld();
    const mcp = mcpOf(w);
    await mcp.setMode("FULL");
    const client = await mcp.connect(await provider.tokenOf("ann"));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("create");
    expect(JSON.stringify(await call(client, "list", { entity: "Note" }))).not.toContain("bob");
    expect(
      JSON.stringify(await call(client, "create", { entity: "Note", record: { text: "by MCP" } })),
    ).toContain("by MCP");
    await client.close();
  });

  it("has Idempotency-Keys of their own: the same subject of another issuer is somebody else", async () => {
    const { w, provider, as } = await makeWorld();
    const other = await startIssuer();
    await trust(w, other, { name: "other" });
    const headers = { "Idempotency-Key": "k1" };
    const post = async (token: string) => as(token)("POST", "/Note", { body: { text: "once" }, headers });
    const [ann, bob, otherAnn] = await Promise.all([
      provider.tokenOf("ann"),
      provider.tokenOf("bob"),
      other.tokenOf("ann"),
    ]);
    const first = expectStatus(await post(ann), 201);
    expect((await post(await provider.tokenOf("ann", { jti: "renewed" }))).body).toEqual(first.body);
    const ids = [first.body.data.id];
    for (const token of [bob, otherAnn, w.key]) ids.push(expectStatus(await post(token), 201).body.data.id);
    expect(new Set(ids).size).toBe(4);
  });

  it("has a rate of their own, which anybody at one address shares", async () => {
    const { w, provider, as } = await makeWorld();
    const other = await startIssuer();
    await trust(w, other, { name: "other" });
    await makeRole(w, "anonymous", { permission: "READ_ONLY", scopes: [PUBLIC_NOTES] });
    expectStatus(await w.admin("PATCH", "", { body: { rateLimit: 300 } }), 200);
    const leftOf = async (token: string | undefined, address = "192.0.2.1") => {
      const answer = await as(token)("GET", "/me", { headers: { "CF-Connecting-IP": address } });
      return Number(/r=(\d+)/.exec(answer.headers.get("RateLimit") ?? "")?.[1]);
    };
    const tokens = [
      await provider.tokenOf("ann"),
      await provider.tokenOf("bob"),
      await other.tokenOf("ann"),
      undefined,
    ];
    for (const token of tokens) {
      await leftOf(token);
      const before = await leftOf(token);
      expect(await leftOf(token)).toBe(before - 1);
    }
    const here = await leftOf(undefined);
    await leftOf(undefined, "192.0.2.2");
    expect(await leftOf(undefined)).toBe(here - 1);
  });
});

describe("the role of a user", () => {
  let roles: World;
  beforeAll(async () => {
    roles = await makeWorld();
    await makeRole(roles.w, "editor");
    await makeRole(roles.w, "viewer", { permission: "READ_ONLY" });
    await makeRole(roles.w, "anonymous", { permission: "READ_ONLY", scopes: [PUBLIC_NOTES] });
  });

  it.each([
    ["named by the claim", "role", { role: "editor" }, "editor"],
    ["the first of a list that there is", "role", { role: ["x", 5, "viewer", "editor"] }, "viewer"],
    ["behind a path", "realm_access.roles", { realm_access: { roles: ["editor"] } }, "editor"],
    [
      "in a claim that is named by a URL",
      "https://example.com/roles",
      { "https://example.com/roles": ["editor"] },
      "editor",
    ],
    ["without the claim", "role", {}, "authenticated"],
    ["that the workspace does not have", "role", { role: "owner" }, "authenticated"],
    ["in other letters", "role", { role: "Editor" }, "authenticated"],
    ["which is that of anybody", "role", { role: "anonymous" }, "authenticated"],
    ["which is that of anybody, in a list", "role", { role: ["anonymous", "viewer"] }, "viewer"],
    ["which is no text", "role", { role: { editor: true } }, "authenticated"],
    ["which every object has", "constructor", { role: "editor" }, "authenticated"],
    ["without a role claim", null, { role: "editor" }, "authenticated"],
  ])("%s", async (_, roleClaim, claims, role) => {
    const { w, provider, as } = roles;
    expectStatus(await w.admin("PATCH", "/issuers/main", { body: { roleClaim } }), 200);
    expect((await as(await provider.tokenOf("ann", claims))("GET", "/me")).body.data.role).toBe(role);
  });

  it("is none where neither the claim nor `authenticated` is one", async () => {
    const { w, provider, as } = await makeWorld();
    await makeRole(w, "anonymous");
    expectStatus(await w.admin("DELETE", "/roles/authenticated"), 204);
    for (const claims of [{}, { role: "anonymous" }, { role: "toString" }, { role: "__proto__" }]) {
      const user = as(await provider.tokenOf("ann", claims));
      for (const path of ["/Note", "/me", "", "/openapi.json", "/Nothing"])
        expectFailure(await user("GET", path), 403, NO_ROLE);
      expectFailure(await user("POST", "/Note", { body: "{" }), 403, NO_ROLE);
      expectFailure(await user("DELETE", "/Note/bulk", { body: [] }), 403, NO_ROLE);
    }
  });
});

describe("anybody", () => {
  it("is refused as without a key, until there is a role for them", async () => {
    const { w, as } = await makeWorld();
    const anybody = as();
    const refused = unauthorized("Invalid API key");
    for (const [method, path] of [
      ["GET", "/Note"],
      ["GET", ""],
      ["LOCK", "/Note"],
      ["POST", "/Note"],
    ] as const)
      expectFailure(await anybody(method, path), 401, refused);
    await makeRole(w, "anonymous", { permission: "READ_ONLY", scopes: [PUBLIC_NOTES] });
    expect((await anybody("GET", "/Note")).body.data).toEqual([
      { id: 4, text: "public 3" },
      { id: 5, text: "public 4" },
    ]);
    expect((await anybody("GET", "/me")).body.data).toMatchObject({
      kind: "ANONYMOUS",
      subject: null,
      claims: null,
      role: "anonymous",
      expiresAt: null,
    });
    expectFailure(
      await anybody("POST", "/Note", { body: {} }),
      403,
      forbidden("You have READ_ONLY permissions — data modifications are not allowed"),
    );
    expectFailure(await anybody("GET", "/Other"), 403, forbidden("You are not allowed to read Other"));
    expectStatus(await w.admin("DELETE", "/roles/anonymous"), 204);
    expectFailure(await anybody("GET", "/Note"), 401, refused);
  });

  it("is nobody who sends a wrong Authorization header", async () => {
    const { w } = await makeWorld();
    await makeRole(w, "anonymous");
    for (const Authorization of ["Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer sk_live_x"])
      expectFailure(
        await ask("GET", `${w.apiPath}/Note`, { headers: { Authorization } }),
        401,
        unauthorized("Invalid API key"),
      );
    expectFailure(await ask("GET", `${w.apiPath}/Note`, { token: "a.b.c" }), 401, INVALID);
  });

  it("matches no rule that needs a claim", async () => {
    const { w, as } = await makeWorld();
    await makeRole(w, "anonymous", { scopes: [{ ...OWN_NOTES, presets: null }] });
    expect((await as()("GET", "/Note")).body.data).toEqual([]);
    expectFailure(
      await as()("POST", "/Note", { body: {} }),
      403,
      forbidden("You are not allowed to create this Note"),
    );
  });

  it("uses MCP without a token, as far as the role allows", async () => {
    const { w } = await makeWorld();
    const { path, setMode } = mcpOf(w);
    await setMode("FULL");
    const send = (method: string, params: object = {}) =>
      ask("POST", path, {
        body: { jsonrpc: "2.0", id: 1, method, params },
        headers: { Accept: "application/json, text/event-stream" },
      });
    expectFailure(await send("tools/list"), 401, unauthorized("Invalid API key"));
    await makeRole(w, "anonymous", { permission: "READ_ONLY", scopes: [PUBLIC_NOTES] });
    const { tools } = expectStatus(await send("tools/list"), 200).body.result;
    expect(tools.map(({ name }: { name: string }) => name)).not.toContain("create");
    const { text } = await send("tools/call", { name: "list", arguments: { entity: "Note" } });
    expect(text).toContain("public 3");
    expect(text).not.toContain("ann");
  });

  it("writes from no page whose origin the workspace does not list, even without a preflight", async () => {
    const { w } = await makeWorld();
    await makeRole(w, "anonymous", { scopes: [{ entity: "Note", operations: ["read", "create"] }] });
    const send = async (method: string, origin?: string) => {
      const headers = { "CF-Connecting-IP": "192.0.2.77", ...(origin !== undefined && { Origin: origin }) };
      const body = method === "POST" ? { body: { text: "from a page" } } : {};
      return ask(method, `${w.apiPath}/Note`, { ...body, headers });
    };
    const foreign = "https://evil.example";
    expectStatus(await send("POST", foreign), 201);
    const corsAllowedOrigins = ["https://app.example.com"];
    expectStatus(await w.admin("PATCH", "", { body: { corsAllowedOrigins } }), 200);
    const message = "Pages of this origin may not write to this workspace";
    for (const origin of [foreign, "null", "https://app.example.com.evil.example"])
      expectFailure(await send("POST", origin), 403, { code: "FORBIDDEN", message });
    for (const origin of [undefined, "https://app.example.com", "https://edge.test"])
      expectStatus(await send("POST", origin), 201);
    expectStatus(await send("GET", foreign), 200);
  });

  it("replays only what was sent from the same address", async () => {
    const { w } = await makeWorld();
    await makeRole(w, "anonymous", { scopes: [{ entity: "Note", operations: ["create"] }] });
    const post = async (address: string) => {
      const headers = { "Idempotency-Key": "1", "CF-Connecting-IP": address };
      return ask("POST", `${w.apiPath}/Note`, { body: { text: "once" }, headers });
    };
    const first = expectStatus(await post("2001:db8:1:1::1"), 201);
    const again = expectStatus(await post("2001:db8:1:1::2"), 201);
    expect([again.body, again.headers.get("Idempotent-Replayed")]).toEqual([first.body, "true"]);
    for (const address of ["2001:db8:1:2::1", "192.0.2.1"]) {
      const stranger = expectStatus(await post(address), 201);
      expect(stranger.body.data.id).not.toBe(first.body.data.id);
      expect(stranger.headers.get("Idempotent-Replayed")).toBe(null);
    }
  });

  it("counts against the address", async () => {
    const { w } = await makeWorld();
    await makeRole(w, "anonymous", { permission: "READ_ONLY", scopes: [PUBLIC_NOTES] });
    const asked = Array.from({ length: 90 }, () =>
      ask("GET", `${w.apiPath}/me`, { headers: { "CF-Connecting-IP": "198.51.100.99" } }),
    );
    const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
    expect(statuses).toEqual(new Set([200, 429]));
  });
});

describe("a change holds from the next request, in isolates that have not heard of it", () => {
  /** Changes the database as another isolate would. */
  const elsewhere = async ({ w }: World, sql: string) => {
    const id = `(SELECT workspace_id FROM api_keys WHERE id = '${w.keyId}')`;
    await runSql(`${sql} WHERE workspace_id = ${id}`);
    await runSql(`UPDATE workspaces SET revision = revision + 1 WHERE id = ${id}`);
  };
  const READ: readonly [string, string, Asking?] = ["GET", "/Note"];
  const WRITE: readonly [string, string, Asking?] = ["PUT", "/Note/1", { body: { text: "changed" } }];

  it.each([
    ["an issuer that is deleted", "DELETE FROM issuers", 401],
    ["another audience", "UPDATE issuers SET audience = 'other'", 401],
    ["another issuer of that name", "UPDATE issuers SET issuer = 'https://other.example.com'", 401],
    ["algorithms without that of the token", `UPDATE issuers SET algorithms = '["RS256"]'`, 401],
    ["a role that is deleted", "DELETE FROM roles", 403],
    ["a role that is renamed", "UPDATE roles SET name = 'other'", 403],
    ["a role without scopes", "UPDATE roles SET scopes = '[]'", 403],
    [
      "a role whose rules match nothing",
      `UPDATE roles SET scopes = replace(scopes, '"sub"', '"nobody"')`,
      404,
    ],
  ])("%s", async (_, sql, status) => {
    const own = await makeWorld();
    const ann = own.as(await own.provider.tokenOf("ann"));
    const one: readonly [string, string] = ["GET", "/Note/1"];
    expectStatus(await ann(...one), 200);
    await elsewhere(own, sql);
    for (const request of [WRITE, one]) expectStatus(await ann(...request), status);
    expect((await own.w.api("GET", "/Note/1")).body.data.text).toBe("ann 0");
  });

  it("writes come first after the change, too, with every kind of write", async () => {
    const body = { text: "changed" };
    const writes: readonly (readonly [string, string, Asking])[] = [
      ["POST", "/Note", { body }],
      ["POST", "/Note", { body, headers: { "Idempotency-Key": "a" } }],
      ["PUT", "/Note/1?expand=", { body }],
      ["DELETE", "/Note/1", {}],
      ["POST", "/Note/bulk", { body: [body] }],
      ["PUT", "/Note/bulk?atomic=true", { body: [{ id: 1, ...body }] }],
      ["POST", "/transaction", { body: { operations: [{ method: "PUT", entity: "Note", id: 1, body }] } }],
    ];
    for (const write of writes) {
      const own = await makeWorld();
      const ann = own.as(await own.provider.tokenOf("ann"));
      expectStatus(await ann(...READ), 200);
      await elsewhere(own, "UPDATE issuers SET audience = 'other'");
      expectFailure(await ann(...write), 401, INVALID);
      expect((await own.w.api("GET", "/Note")).body.data).toHaveLength(5);
    }
  });

  it("a new issuer, and a new role", async () => {
    const own = await makeWorld();
    const ann = own.as(await own.provider.tokenOf("ann", { role: "editor" }));
    await elsewhere(own, "UPDATE issuers SET audience = 'other'");
    expectFailure(await ann(...READ), 401, INVALID);
    await elsewhere(own, "UPDATE issuers SET audience = 'audience-of-users'");
    expectStatus(await ann(...READ), 200);
    expectFailure(await own.as()(...READ), 401, unauthorized("Invalid API key"));
    await elsewhere(own, "UPDATE roles SET name = 'anonymous'");
    expectStatus(await own.as()(...READ), 200);
    expectFailure(await ann(...READ), 403, NO_ROLE);
    await elsewhere(own, "UPDATE roles SET name = 'editor'");
    expectStatus(await ann(...READ), 200);
    expectFailure(await own.as()(...READ), 401, unauthorized("Invalid API key"));
  });

  it("the end of all tokens of a user, or of everybody", async () => {
    const { w, provider, as } = await makeWorld();
    const other = await startIssuer();
    await trust(w, other, { name: "other" });
    const [ann, bob, otherAnn] = [
      as(await provider.tokenOf("ann")),
      as(await provider.tokenOf("bob")),
      as(await other.tokenOf("ann")),
    ];
    const revoke = async (name: string, body?: object) =>
      expectStatus(await w.admin("POST", `/issuers/${name}/revoke`, { body }), 200);
    expectStatus(await ann(...WRITE), 200);
    await revoke("main", { sub: "ann" });
    expectFailure(await ann(...WRITE), 401, INVALID);
    expectFailure(await ann(...READ), 401, INVALID);
    expectStatus(await bob(...READ), 200);
    expectStatus(await otherAnn(...READ), 200);
    expectStatus(await w.admin("POST", "/tokens/revoke", { body: { all: true } }), 200);
    expectStatus(await bob(...READ), 200);
    await revoke("main");
    expectFailure(await bob(...READ), 401, INVALID);
    expectStatus(await otherAnn(...READ), 200);
    const nowSeconds = Math.floor(Date.now() / 1000);
    expectStatus(await as(await provider.tokenOf("ann", { iat: nowSeconds + 1 }))(...READ), 200);
    expectFailure(await as(await provider.tokenOf("ann", { iat: undefined }))(...READ), 401, INVALID);
    expectFailure(await as(await provider.tokenOf("ann", { iat: nowSeconds + 60 }))(...READ), 401, INVALID);
    /* An issuer that comes back does not bring them back. */
    expectStatus(await w.admin("DELETE", "/issuers/main"), 204);
    await trust(w, provider);
    expectFailure(await bob(...READ), 401, INVALID);
    expect((await w.admin("GET", "/audit?action=users.revoked")).body.data).toMatchObject([
      { subject: "main", after: { subject: "", issuer: provider.issuer } },
      { subject: "main", after: { subject: "ann" } },
    ]);
  });
});
