import { SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { type Asking, ask, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* As in vitest.config.ts. */
const SECRET = new TextEncoder().encode("test-token-secret-key-of-the-tests");

const EVERYTHING = ["read", "create", "update", "delete"];
const NOTE = {
  entity: "Note",
  operations: EVERYTHING,
  filter: { owner: { $claim: "sub" } },
  fields: ["text", "tag"],
  presets: { owner: { $claim: "sub" } },
};

let w: TestWorkspace;
let minter: { id: string; key: string };

async function makeMinter(more: object = {}) {
  const body = { name: "backend", permission: "READ_WRITE", mayMintTokens: true, scopes: [NOTE], ...more };
  const answer = await w.admin("POST", "/api-keys", { body });
  expectStatus(answer, 201);
  return answer.body.data as { id: string; key: string };
}

async function mint(claims: object, more: object = {}, key = minter.key): Promise<string> {
  const answer = await ask("POST", `${w.apiPath}/tokens`, { token: key, body: { claims, ...more } });
  expectStatus(answer, 201);
  return answer.body.data.token;
}

const as =
  (token: string) =>
  (method: string, path: string, asking: Asking = {}) =>
    ask(method, w.apiPath + path, { token, ...asking });

beforeAll(async () => {
  w = await makeWorkspace({
    name: "Note",
    columns: [
      { name: "text", type: "VARCHAR" },
      { name: "tag", type: "VARCHAR" },
      { name: "owner", type: "VARCHAR", indexed: true },
    ],
  });
  minter = await makeMinter();
  const body = [
    { text: "ann 1", tag: "a", owner: "ann" },
    { text: "ann 2", tag: "b", owner: "ann" },
    { text: "bob 1", tag: "a", owner: "bob" },
  ];
  expectStatus(await w.api("POST", "/Note/bulk", { body }), 200);
});

const unauthorized = (message: string) => ({ code: "UNAUTHORIZED", message });
const INVALID = unauthorized("Invalid token");

describe("a user token", () => {
  it.each([
    ["/tokens", { claims: { sub: "ann" } }],
    ["/tokens/revoke", { sub: "nobody" }],
  ])("is not minted or revoked once only: an Idempotency-Key at %s is refused", async (path, body) => {
    const headers = { "Idempotency-Key": "k" };
    expectFailure(await ask("POST", w.apiPath + path, { token: minter.key, body, headers }), 400, {
      code: "BAD_REQUEST",
      message: "Idempotency-Key is not supported for tokens",
    });
  });

  it.each(["If-Match", "If-None-Match"])("is not minted on the condition %s", async (name) => {
    for (const path of ["/tokens", "/tokens/revoke"]) {
      const asking = { token: minter.key, body: { claims: { sub: "ann" } }, headers: { [name]: "*" } };
      expectFailure(await ask("POST", w.apiPath + path, asking), 400, {
        code: "BAD_REQUEST",
        message: `${name} is for a request that changes one record — in a transaction, send ifMatch with an operation`,
      });
    }
  });

  it("is refused to a key that may not mint, whatever else is wrong", async () => {
    const asking = { token: w.key, body: "{", headers: { "Idempotency-Key": "k", "If-Match": "*" } };
    for (const path of ["/tokens?x=1", "/tokens/revoke?x=1"])
      expectFailure(await ask("POST", w.apiPath + path, asking), 403, {
        code: "FORBIDDEN",
        message: "This API key is not allowed to mint tokens",
      });
  });

  it("is in a response that is never cached", async () => {
    const body = { claims: { sub: "ann" } };
    const { status, headers } = await ask("POST", `${w.apiPath}/tokens`, { token: minter.key, body });
    expect([status, headers.get("Cache-Control")]).toEqual([201, "no-store"]);
  });

  it("reads and writes by the key's rules with its claims", async () => {
    const ann = as(await mint({ sub: "ann" }));
    const bob = as(await mint({ sub: "bob" }));
    expect((await ann("GET", "/Note?fields=text")).body).toMatchObject({
      data: [{ text: "ann 1" }, { text: "ann 2" }],
      meta: { totalElements: 2 },
    });
    expect((await bob("GET", "/Note")).body.data).toEqual([{ id: 3, text: "bob 1", tag: "a" }]);
    expectFailure(await bob("GET", "/Note/1"), 404, { code: "NOT_FOUND", message: "Record not found: 1" });
    const created = await bob("POST", "/Note", { body: { text: "bob 2" } });
    expect(Object.keys(created.body.data)).toEqual(["id", "text", "tag"]);
    const { id } = created.body.data;
    expect((await w.api("GET", `/Note/${id}`)).body.data.owner).toBe("bob");
    expectStatus(await bob("DELETE", `/Note/${id}`), 204);
    const unset = as(minter.key);
    expect((await unset("GET", "/Note")).body.data).toEqual([]);
    expectFailure(await unset("POST", "/Note", { body: { text: "x" } }), 403, {
      code: "FORBIDDEN",
      message: "This API key is not allowed to create this Note",
    });
  });

  it("costs one round trip once the isolate knows its key", async () => {
    const token = await mint({ sub: "ann" });
    for (const [method, path, body] of [
      ["GET", "/Note", undefined],
      ["GET", "/Note/1", undefined],
      ["PUT", "/Note/1", { text: "ann 1" }],
      ["GET", "/me", undefined],
    ] as const) {
      const asked = await askCounted(method, w.apiPath + path, { token, body });
      expect([path, asked.answer.status, asked.roundTrips]).toEqual([path, 200, 1]);
    }
    const minted = await askCounted("POST", `${w.apiPath}/tokens`, {
      token: minter.key,
      body: { claims: { sub: "ann" } },
    });
    expect(minted.roundTrips).toBe(1);
  });

  it("can be narrowed, and reaches no further than its key", async () => {
    const scopes = [{ entity: "Note", operations: ["read"], filter: { tag: { $claim: "tag" } } }];
    const narrow = as(await mint({ sub: "ann", tag: "b" }, { scopes }));
    expect((await narrow("GET", "/Note")).body.data).toMatchObject([{ text: "ann 2" }]);
    expectFailure(await narrow("POST", "/Note", { body: {} }), 403, {
      code: "FORBIDDEN",
      message: "You are not allowed to create Note",
    });
    const hidden = [{ entity: "Note", operations: ["read"], filter: { owner: "bob" } }];
    const asked = await ask("POST", `${w.apiPath}/tokens`, {
      token: minter.key,
      body: { claims: { sub: "ann" }, scopes: hidden },
    });
    expectFailure(asked, 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "scopes[0].filter", message: "Unknown field 'owner' on Note" }],
    });
  });

  it("describes itself", async () => {
    const token = await mint({ sub: "ann", team: "x" }, { expiresIn: 60 });
    const { data } = (await as(token)("GET", "/me")).body;
    expect(data).toMatchObject({
      kind: "TOKEN",
      subject: "ann",
      claims: { sub: "ann", team: "x" },
      role: null,
      permission: "READ_WRITE",
      entities: [
        {
          name: "Note",
          operations: EVERYTHING,
          fields: ["id", "text", "tag"],
          writableFields: ["text", "tag"],
        },
      ],
    });
    expect((await as(minter.key)("GET", "/me")).body.data).toMatchObject({ kind: "KEY", subject: null });
  });

  it("is minted only by keys that may, with valid claims", async () => {
    const path = `${w.apiPath}/tokens`;
    expectFailure(await ask("POST", path, { token: w.key, body: { claims: { sub: "x" } } }), 403, {
      code: "FORBIDDEN",
      message: "This API key is not allowed to mint tokens",
    });
    const token = await mint({ sub: "ann" });
    expectFailure(await ask("POST", path, { token, body: { claims: { sub: "x" } } }), 403, {
      code: "FORBIDDEN",
      message: "This API key is not allowed to mint tokens",
    });
    for (const body of [
      { claims: {} },
      { claims: { sub: "" } },
      { claims: { sub: 5 } },
      { claims: { sub: "x", big: "é".repeat(1_024) } },
      { claims: { sub: "x" }, expiresIn: 59 },
      { claims: { sub: "x" }, expiresIn: 86_401 },
    ])
      expect((await ask("POST", path, { token: minter.key, body })).status).toBe(422);
  });

  it("has its own Idempotency-Keys for each subject", async () => {
    const headers = { "Idempotency-Key": "k1" };
    const ann = as(await mint({ sub: "ann" }));
    const bob = as(await mint({ sub: "bob" }));
    const first = await ann("POST", "/Note", { body: { text: "once" }, headers });
    const again = await ann("POST", "/Note", { body: { text: "once" }, headers });
    const other = await bob("POST", "/Note", { body: { text: "once" }, headers });
    expect(again.body).toEqual(first.body);
    expect(other.body.data.id).not.toBe(first.body.data.id);
  });
});

describe("a user token ends", () => {
  it("with its revocation, for one subject or all", async () => {
    const [ann, bob] = [as(await mint({ sub: "ann" })), as(await mint({ sub: "bob" }))];
    const revoked = await w.admin("POST", "/tokens/revoke", { body: { sub: "ann" } });
    expectStatus(revoked, 200);
    expectFailure(await ann("GET", "/Note"), 401, INVALID);
    expectFailure(await ann("PUT", "/Note/1", { body: { text: "x" } }), 401, INVALID);
    expectStatus(await bob("GET", "/Note"), 200);
    expectStatus(await w.api("GET", "/Note"), 200);
    expectStatus(
      await ask("POST", `${w.apiPath}/tokens/revoke`, { token: minter.key, body: { all: true } }),
      200,
    );
    expectFailure(await bob("GET", "/Note"), 401, INVALID);
    expectStatus(await as(await mint({ sub: "ann" }))("GET", "/Note"), 200);
    expect((await w.admin("GET", "/audit?action=tokens.revoked")).body.data).toMatchObject([
      { subject: "ann" },
    ]);
  });

  it("with no revocation of a subject that no token can have", async () => {
    const tooLong = {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "sub", message: "must be at most 255 characters" }],
    };
    const body = { sub: "x".repeat(256) };
    expectFailure(await w.admin("POST", "/tokens/revoke", { body }), 422, tooLong);
    const asking = { token: minter.key, body };
    expectFailure(await ask("POST", `${w.apiPath}/tokens/revoke`, asking), 422, tooLong);
  });

  it.each([
    [{}, [["sub", "is required"]]],
    [
      { subject: "ann" },
      [
        ["sub", "is required"],
        ["subject", "is not a known property"],
      ],
    ],
    [{ all: false }, [["all", "must be one of: true"]]],
    [{ all: true, sub: "ann" }, [["sub", "is not a known property"]]],
  ])("with no revocation such as %j, which names its mistakes", async (body, mistakes) => {
    const details = mistakes.map(([field, message]) => ({ field, message }));
    const message = `Validation failed: ${details.length} error(s)`;
    const refused = { code: "VALIDATION_ERROR", message, details };
    expectFailure(await w.admin("POST", "/tokens/revoke", { body }), 422, refused);
    const asking = { token: minter.key, body };
    expectFailure(await ask("POST", `${w.apiPath}/tokens/revoke`, asking), 422, refused);
  });

  it("with its key, and is narrowed with it", async () => {
    const own = await makeMinter();
    const token = await mint({ sub: "ann" }, {}, own.key);
    expectStatus(await as(token)("GET", "/Note"), 200);
    const scopes = [{ ...NOTE, operations: ["read"], filter: { text: "ann 2" } }];
    expectStatus(await w.admin("PATCH", `/api-keys/${own.id}`, { body: { scopes } }), 200);
    expect((await as(token)("GET", "/Note")).body.data).toMatchObject([{ text: "ann 2" }]);
    expectStatus(await w.admin("PATCH", `/api-keys/${own.id}`, { body: { permission: "READ_ONLY" } }), 200);
    expect((await as(token)("DELETE", "/Note/2")).status).toBe(403);
    expectStatus(await w.admin("DELETE", `/api-keys/${own.id}`), 204);
    expectFailure(await as(token)("GET", "/Note"), 401, INVALID);
  });

  it("with its own expiry", async () => {
    const token = await forge({ exp: Math.floor(Date.now() / 1000) - 1 });
    expectFailure(await as(token)("GET", "/Note"), 401, unauthorized("Token has expired"));
  });

  it("at the border of its workspace", async () => {
    const other = await makeWorkspace();
    const answer = await ask("GET", `${other.apiPath}/me`, { token: await mint({ sub: "ann" }) });
    expectFailure(answer, 401, unauthorized("Token is not valid for this workspace"));
  });
});

interface Forgery {
  readonly secret?: Uint8Array;
  readonly header?: object;
  readonly exp?: number | null;
  readonly payload?: object;
}

/** A token as the product makes it, except for the forged part. */
async function forge({ secret = SECRET, header = {}, exp, payload = {} }: Forgery): Promise<string> {
  const [org, ws] = w.apiPath.split("/").slice(-2);
  /* A revocation ends tokens that were issued until then, to the millisecond. */
  const issuedAt = (Date.now() + 1) / 1000;
  const now = Math.floor(issuedAt);
  const jwt = new SignJWT({ key: minter.id, ws: [org, ws], claims: { sub: "ann" }, ...payload })
    .setProtectedHeader({ alg: "HS256", typ: "st+jwt", ...header })
    .setIssuedAt(issuedAt)
    .setSubject("ann");
  if (exp !== null) jwt.setExpirationTime(exp ?? now + 60);
  return `st_${await jwt.sign(secret)}`;
}

describe("a token that this deployment has not signed", () => {
  it("is invalid", async () => {
    expectStatus(await as(await forge({}))("GET", "/Note"), 200);
    const unsecured = new UnsecuredJWT({ key: minter.id }).setSubject("ann").setExpirationTime("1h").encode();
    const [head = "", body = "", signature = ""] = (await forge({})).split(".");
    const other = (await mint({ sub: "bob" })).split(".");
    const forged = [
      "st_",
      "st_a.b.c",
      `st_${unsecured}`,
      `${head}.${body}.`,
      `${head}.${other[1]}.${signature}`,
      `${head}.${body}.${signature}x`,
      await forge({ secret: new TextEncoder().encode("another-secret-key-of-32-characters") }),
      await forge({ header: { typ: "JWT" } }),
      await forge({ header: { typ: undefined } }),
      await forge({ exp: null }),
      await forge({ payload: { key: "key_unknown" } }),
      await forge({ payload: { claims: "ann" } }),
      await forge({ payload: { nbf: Math.floor(Date.now() / 1000) + 600 } }),
      `st_${"a".repeat(9_000)}`,
    ];
    for (const token of forged) {
      const answer = await as(token)("GET", "/Note");
      expect([token.slice(0, 80), answer.status, answer.body.error]).toEqual([
        token.slice(0, 80),
        401,
        INVALID,
      ]);
    }
  });
});
