import { beforeAll, describe, expect, it } from "vitest";
import { TOKEN_ALGORITHMS } from "../../src/model/issuer.ts";
import { type Answer, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const TIME = expect.stringMatching(/^\d{4}-.*Z$/);
const ISSUER = { name: "main", issuer: "https://id.example.com/", audience: "app" };
const SCOPES = [{ entity: "Note", operations: ["read"], filter: { text: { $claim: "sub" } } }];

const problemsOf = ({ status, body }: Answer) => [
  status,
  ...body.error.details.map(
    ({ field, message }: { field: string; message: string }) => `${field} ${message}`,
  ),
];
const missing = (message: string) => ({ code: "NOT_FOUND", message });

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace({ name: "Note", columns: [{ name: "text", type: "VARCHAR" }] });
});

describe("issuers", () => {
  it("are made, changed and deleted, each with its audit", async () => {
    const v = await makeWorkspace();
    const made = { ...ISSUER, jwksUrl: null, algorithms: [...TOKEN_ALGORITHMS], roleClaim: null };
    const times = { createdAt: TIME, updatedAt: TIME };
    expect(expectStatus(await v.admin("POST", "/issuers", { body: ISSUER }), 201).body.data).toEqual({
      ...made,
      ...times,
    });
    expect((await v.admin("GET", "/issuers/main")).body.data).toEqual({ ...made, ...times });
    const changes = {
      audience: "other",
      algorithms: ["ES256", "RS256", "ES256"],
      roleClaim: "groups",
      jwksUrl: "https://keys.example.com/jwks",
    };
    const changed = { ...made, ...changes, algorithms: ["RS256", "ES256"] };
    expect(expectStatus(await v.admin("PATCH", "/issuers/main", { body: changes }), 200).body.data).toEqual({
      ...changed,
      ...times,
    });
    const second = { ...ISSUER, name: "a-second", issuer: "https://second.example.com" };
    expectStatus(await v.admin("POST", "/issuers", { body: second }), 201);
    expect((await v.admin("GET", "/issuers?size=1")).body).toMatchObject({
      data: [{ name: "a-second" }],
      meta: { page: 0, size: 1, totalElements: 2, totalPages: 2 },
    });
    expect((await v.admin("GET", "/issuers?size=1&page=1")).body.data).toMatchObject([{ name: "main" }]);
    expectStatus(await v.admin("DELETE", "/issuers/main"), 204);
    for (const [method, path] of [
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["POST", "/revoke"],
    ] as const)
      expectFailure(
        await v.admin(method, `/issuers/main${path}`, method === "PATCH" ? { body: {} } : {}),
        404,
        missing("Issuer not found: main"),
      );
    expect((await v.admin("GET", "/audit?size=4&subject=main")).body.data).toMatchObject([
      { action: "issuer.deleted", actor: { kind: "ADMIN_TOKEN" }, before: changed, after: null },
      { action: "issuer.updated", before: made, after: changed },
      { action: "issuer.created", before: null, after: made },
    ]);
  });

  it.each([
    [{}, ["name is required", "issuer is required", "audience is required"]],
    [
      { ...ISSUER, name: "a/b" },
      ["name must be 1 to 63 letters, digits and _ . : -, and begin with a letter or digit"],
    ],
    [{ ...ISSUER, issuer: "https://a b" }, ["issuer must be printable ASCII without spaces"]],
    [
      { ...ISSUER, issuer: "accounts.example.com" },
      ["issuer must be a valid URL, or needs a jwksUrl beside it"],
    ],
    [{ ...ISSUER, jwksUrl: "file:///etc/passwd" }, ["jwksUrl must be an http or https URL"]],
    [{ ...ISSUER, jwksUrl: "https://user:secret@example.com" }, ["jwksUrl must not contain credentials"]],
    [{ ...ISSUER, algorithms: [] }, ["algorithms must have at least 1 item"]],
    [{ ...ISSUER, algorithms: ["HS256"] }, [`algorithms[0] must be one of: ${TOKEN_ALGORITHMS.join(", ")}`]],
    [{ ...ISSUER, algorithms: ["none"] }, [`algorithms[0] must be one of: ${TOKEN_ALGORITHMS.join(", ")}`]],
    [{ ...ISSUER, secret: "x" }, ["secret is not a known property"]],
  ])("refuse %j", async (body, problems) => {
    expect(problemsOf(await w.admin("POST", "/issuers", { body }))).toEqual([422, ...problems]);
  });

  it("have names and issuers that are unique in the workspace, and in it alone", async () => {
    const v = await makeWorkspace();
    const post = (body: object) => v.admin("POST", "/issuers", { body: { ...ISSUER, ...body } });
    const taken = (text: string) => ({
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: `A record with ${text} already exists`,
    });
    expectStatus(await post({}), 201);
    expectFailure(await post({ issuer: "https://other.example.com" }), 409, taken("name 'main'"));
    expectFailure(await post({ name: "other" }), 409, taken("issuer 'https://id.example.com/'"));
    expectStatus(await post({ name: "other", issuer: "https://other.example.com" }), 201);
    expectFailure(
      await v.admin("PATCH", "/issuers/other", { body: { issuer: ISSUER.issuer } }),
      409,
      taken("issuer 'https://id.example.com/'"),
    );
    expectStatus(await (await makeWorkspace()).admin("POST", "/issuers", { body: ISSUER }), 201);
    const both = await Promise.all(
      [1, 2].map(() => post({ name: "twice", issuer: "https://twice.example.com" })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it("go with their workspace", async () => {
    const v = await makeWorkspace();
    expectStatus(await v.admin("POST", "/issuers", { body: ISSUER }), 201);
    expectStatus(await v.admin("POST", "/issuers/main/revoke", { body: { sub: "x" } }), 200);
    expectStatus(
      await v.admin("POST", "/roles", { body: { name: "anonymous", permission: "READ_ONLY", scopes: null } }),
      201,
    );
    expectStatus(await v.admin("DELETE", `?confirm=${v.workspace}`), 204);
    expectFailure(await v.admin("GET", "/issuers"), 404, missing(`Workspace not found: ${v.workspace}`));
    expectFailure(await v.admin("GET", "/roles"), 404, missing(`Workspace not found: ${v.workspace}`));
  });
});

describe("roles", () => {
  const role = { name: "authenticated", permission: "READ_ONLY", scopes: SCOPES };

  it("are made, changed and deleted, with warnings of slow rules and an audit", async () => {
    const v = await makeWorkspace({ name: "Note", columns: [{ name: "text", type: "VARCHAR" }] });
    const warnings = [
      { field: "scopes[0].filter", message: "reads every Note: an index on Note.text would help" },
    ];
    const times = { createdAt: TIME, updatedAt: TIME };
    expect(expectStatus(await v.admin("POST", "/roles", { body: role }), 201).body.data).toEqual({
      ...role,
      ...times,
      warnings,
    });
    expect((await v.admin("GET", "/roles/authenticated")).body.data).toEqual({ ...role, ...times });
    expectStatus(await v.admin("PATCH", "/entities/Note/columns/text", { body: { name: "body" } }), 200);
    expect((await v.admin("GET", "/roles")).body.data).toMatchObject([
      { scopes: [{ filter: { body: { $claim: "sub" } } }] },
    ]);
    const changed = await v.admin("PATCH", "/roles/authenticated", {
      body: { permission: "READ_WRITE", scopes: null },
    });
    expect(expectStatus(changed, 200).body.data).toEqual({
      ...role,
      permission: "READ_WRITE",
      scopes: null,
      ...times,
    });
    expectStatus(await v.admin("DELETE", "/roles/authenticated"), 204);
    expectFailure(
      await v.admin("GET", "/roles/authenticated"),
      404,
      missing("Role not found: authenticated"),
    );
    expect((await v.admin("GET", "/audit?subject=authenticated")).body.data).toMatchObject([
      { action: "role.deleted", after: null },
      {
        action: "role.updated",
        before: { permission: "READ_ONLY" },
        after: { permission: "READ_WRITE", scopes: null },
      },
      { action: "role.created", before: null },
    ]);
  });

  it.each([
    [{}, ["name is required", "permission must be one of: READ_WRITE, READ_ONLY", "scopes is required"]],
    [
      { ...role, scopes: [{ entity: "Nothing", operations: ["read"] }] },
      ["scopes[0].entity Entity not found: Nothing"],
    ],
    [
      { ...role, scopes: [{ entity: "Note", operations: ["read", "update"] }] },
      ["scopes[0].operations must be read alone for READ_ONLY"],
    ],
    [
      { ...role, scopes: [{ entity: "Note", operations: ["read"], filter: { other: 1 } }] },
      ["scopes[0].filter Unknown field 'other' on Note"],
    ],
    [{ ...role, mayMintTokens: true }, ["mayMintTokens is not a known property"]],
  ])("refuse %j", async (body, problems) => {
    const answer = await w.admin("POST", "/roles", { body });
    expect(problemsOf(answer)[0]).toBe(422);
    expect(
      problemsOf(answer)
        .slice(1)
        .map((text) => String(text).split(" (")[0]),
    ).toEqual(problems);
  });

  it("have names that are unique", async () => {
    expectStatus(await w.admin("POST", "/roles", { body: { ...role, name: "twice" } }), 201);
    expectFailure(await w.admin("POST", "/roles", { body: { ...role, name: "twice" } }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "A record with name 'twice' already exists",
    });
  });
});
