import { beforeAll, describe, expect, it } from "vitest";
import { adminTable } from "../../src/http/admin/routes.ts";
import { ADMIN_ROLES, type AdminRole } from "../../src/model/admin-role.ts";
import { ask, askAdmin, askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeIssuer } from "../support/test-issuer.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const FORBIDDEN = { code: "FORBIDDEN", message: "Your role does not allow this" };
const INVALID = { code: "UNAUTHORIZED", message: "Invalid admin token" };
const missing = (message: string) => ({ code: "NOT_FOUND", message });

const [VIEWER, , EDITOR, ADMIN, OWNER] = ADMIN_ROLES;

async function makeKey(role: AdminRole, organization: string | null, more: object = {}) {
  const body = { name: role, role, organization, ...more };
  return expectStatus(await askAdmin("POST", "/admin-keys", { body }), 201).body.data;
}

let w: TestWorkspace;
let other: TestWorkspace;
/** Administrators of the first workspace's organization, by role. */
let keys: Record<AdminRole, string>;
beforeAll(async () => {
  [w, other] = await Promise.all([makeWorkspace({ name: "Note", columns: [] }), makeWorkspace()]);
  const made = await Promise.all(
    ADMIN_ROLES.map(async (role) => [role, await makeKey(role, w.organization)]),
  );
  keys = Object.fromEntries(made.map(([role, { key }]) => [role, key]));
});

describe("every route", () => {
  const routes = adminTable.flatMap(({ path, tag: _, ...methods }) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, ...operation })),
  );
  const filled = (path: string) =>
    `/admin/v1${path
      .replace(":organization", w.organization)
      .replace(":workspace", w.workspace)
      .replace(/:\w+/g, "none")}`;
  const send = (route: (typeof routes)[number], token: string) =>
    ask(route.method, filled(route.path), { token, ...(route.body && { body: { unheardOf: 1 } }) });

  it.each(routes.map((route) => [route.method, route.path, route] as const))(
    "%s %s is refused below its role, and only there",
    async (_method, _path, route) => {
      for (const role of ADMIN_ROLES) {
        const isAllowed = !route.isGlobal && ADMIN_ROLES.indexOf(role) >= ADMIN_ROLES.indexOf(route.role);
        const answer = await send(route, keys[role]);
        if (isAllowed) expect([401, 403, 500], `${role}: ${answer.text}`).not.toContain(answer.status);
        else expectFailure(answer, 403, FORBIDDEN);
      }
    },
  );

  it.each(
    routes.filter(({ path }) => path.includes(":organization")).map((r) => [r.method, r.path, r] as const),
  )("%s %s does not exist for the owner of another organization", async (_method, _path, route) => {
    const stranger = await makeKey(OWNER, other.organization);
    expectFailure(await send(route, stranger.key), 404, missing(`Organization not found: ${w.organization}`));
  });

  it("of an OPERATOR stops access, delivers again or reads usage", () => {
    const ids = routes.filter(({ role }) => role === "OPERATOR").map(({ id }) => id);
    expect(ids.sort()).toEqual([
      "getUsage",
      "redeliver",
      "revokeApiKey",
      "revokeTokens",
      "revokeUsers",
      "rotateApiKey",
    ]);
  });

  it("of all organizations needs a role in all of them", async () => {
    const { key } = await makeKey(OWNER, null);
    expectStatus(await ask("POST", "/admin/v1/organizations", { token: key, body: {} }), 422);
    expectStatus(await ask("GET", `/admin/v1${other.adminPath}`, { token: key }), 200);
  });

  it("takes one round trip with a known key", async () => {
    for (const [method, path, body] of [
      ["GET", w.adminPath],
      ["GET", `${w.adminPath}/entities`],
      ["GET", "/me"],
      ["GET", "/audit"],
      ["PATCH", w.adminPath, { name: "Test" }],
      ["POST", `${w.adminPath}/entities`, { name: `E${Date.now()}`, columns: [] }],
    ] as const) {
      await ask("GET", `/admin/v1${w.adminPath}/entities`, { token: keys.OWNER });
      const { answer, roundTrips } = await askCounted(method, `/admin/v1${path}`, {
        token: keys.OWNER,
        body,
      });
      expect([answer.status < 300, roundTrips], `${method} ${path} ${answer.text}`).toEqual([true, 1]);
    }
  });
});

describe("an operator", () => {
  it("changes the access mode and nothing else of a workspace", async () => {
    const patch = (body: object) => ask("PATCH", `/admin/v1${w.adminPath}`, { token: keys.OPERATOR, body });
    expectStatus(await patch({ accessMode: "ACTIVE" }), 200);
    expectFailure(await patch({ accessMode: "ACTIVE", name: "Mine" }), 403, FORBIDDEN);
  });
});

describe("an admin key", () => {
  const me = (token: string, headers = {}) => ask("GET", "/admin/v1/me", { token, headers });

  it("describes itself", async () => {
    const made = await makeKey(EDITOR, w.organization);
    expect(made).toMatchObject({
      id: expect.stringMatching(/^adm_/),
      key: expect.stringMatching(/^adm_live_\w{49}$/),
    });
    expect((await me(made.key)).body.data).toEqual({
      kind: "ADMIN_KEY",
      id: made.id,
      name: EDITOR,
      role: EDITOR,
      grants: [{ organization: w.organization, role: EDITOR }],
      expiresAt: null,
    });
    expect((await askAdmin("GET", "/me")).body.data).toMatchObject({ kind: "ADMIN_TOKEN", role: OWNER });
  });

  it("is refused from the next request on after a revocation, even for requests that need no database", async () => {
    const { id, key } = await makeKey(OWNER, w.organization);
    expectStatus(await me(key), 200);
    expectStatus(await askAdmin("DELETE", `/admin-keys/${id}`), 204);
    const requests = [
      ["GET", "/me"],
      ["GET", "/openapi.json"],
      ["GET", w.adminPath],
      ["PATCH", w.adminPath, { name: "Mine" }],
      ["POST", `${w.adminPath}/entities`, { wrong: true }],
    ] as const;
    for (const [method, path, body] of requests)
      expectFailure(await ask(method, `/admin/v1${path}`, { token: key, body }), 401, INVALID);
    expect((await w.admin("GET", "")).body.data.name).toBe("Test");
    expectStatus(await askAdmin("DELETE", `/admin-keys/${id}`), 204);
  });

  it("writes nothing if it is revoked between two requests of an isolate that has cached it", async () => {
    const { id, key } = await makeKey(ADMIN, w.organization);
    expectStatus(await me(key), 200);
    expectStatus(await askAdmin("DELETE", `/admin-keys/${id}`), 204);
    const body = { name: "stolen", permission: "READ_WRITE" };
    expectFailure(await ask("POST", `/admin/v1${w.adminPath}/api-keys`, { token: key, body }), 401, INVALID);
    const { data } = (await w.admin("GET", "/api-keys")).body;
    expect(data.map(({ name }: { name: string }) => name)).not.toContain("stolen");
  });

  it("obeys a changed role, expiry and address list from the next request on", async () => {
    const { id, key } = await makeKey(VIEWER, w.organization);
    const patch = async (body: object) =>
      expectStatus(await askAdmin("PATCH", `/admin-keys/${id}`, { body }), 200);
    const rename = () => ask("PATCH", `/admin/v1${w.adminPath}`, { token: key, body: { name: "Test" } });
    expectFailure(await rename(), 403, FORBIDDEN);
    await patch({ role: ADMIN });
    expectStatus(await rename(), 200);
    await patch({ role: VIEWER });
    expectFailure(await rename(), 403, FORBIDDEN);
    await patch({ expiresAt: "2020-01-01T00:00:00Z" });
    expectFailure(await me(key), 401, { code: "UNAUTHORIZED", message: "Admin key has expired" });
    await patch({ expiresAt: null, allowedIps: ["198.51.100.0/24"] });
    expectFailure(await me(key, { "CF-Connecting-IP": "203.0.113.1" }), 403, {
      code: "FORBIDDEN",
      message: "This admin key is not allowed from this address",
    });
    expectStatus(await me(key, { "CF-Connecting-IP": "198.51.100.77" }), 200);
  });

  it("rotates with a grace period", async () => {
    const { id, key } = await makeKey(VIEWER, w.organization);
    const rotate = async (body?: object) =>
      expectStatus(await askAdmin("POST", `/admin-keys/${id}/rotate`, { body }), 200).body.data.key;
    const second = await rotate({ gracePeriodSeconds: 600 });
    expectStatus(await me(key), 200);
    expectStatus(await me(second), 200);
    const third = await rotate();
    expectStatus(await me(third), 200);
    for (const old of [key, second]) expectFailure(await me(old), 401, INVALID);
  });

  it("that was never issued, or has a wrong checksum, is refused", async () => {
    const wrong = keys.OWNER.slice(0, -1) + (keys.OWNER.endsWith("0") ? "1" : "0");
    for (const token of [wrong, "adm_live_x", w.key]) expectFailure(await me(token), 401, INVALID);
  });

  it("opens no workspace", async () => {
    expectStatus(await ask("GET", w.apiPath, { token: keys.OWNER }), 401);
  });

  it("that could never work is refused, because it has already expired", async () => {
    const body = { name: "k", role: VIEWER, organization: w.organization, expiresAt: "2020-01-01T00:00:00Z" };
    expectFailure(await askAdmin("POST", "/admin-keys", { body }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "expiresAt", message: "must be in the future" }],
    });
  });

  it("whose expiry is an object that cannot become text is refused as any other object", async () => {
    for (const expiresAt of [{}, { toString: 1, valueOf: 2 }]) {
      const body = { name: "k", role: VIEWER, organization: w.organization, expiresAt };
      expectFailure(await askAdmin("POST", "/admin-keys", { body }), 422, {
        code: "VALIDATION_ERROR",
        message: "Validation failed: 1 error(s)",
        details: [{ field: "expiresAt", message: "must be a string" }],
      });
    }
  });

  it("records when it was used", async () => {
    const { id, key } = await makeKey(VIEWER, w.organization);
    expectStatus(await me(key), 200);
    await expect
      .poll(async () => (await askAdmin("GET", `/admin-keys/${id}`)).body.data.lastUsedAt)
      .toMatch(/^\d{4}-/);
  });
});

describe("keys and members", () => {
  const asRole = (role: AdminRole, method: string, path: string, body?: object) =>
    ask(method, `/admin/v1${path}`, { token: keys[role], body });

  it("of other organizations, and of all organizations, do not exist", async () => {
    for (const organization of [other.organization, null]) {
      const { id } = await makeKey(VIEWER, organization);
      for (const [method, path, body] of [
        ["GET", `/admin-keys/${id}`],
        ["PATCH", `/admin-keys/${id}`, { name: "Mine" }],
        ["DELETE", `/admin-keys/${id}`],
        ["POST", `/admin-keys/${id}/rotate`, {}],
      ] as const)
        expectFailure(await asRole(OWNER, method, path, body), 404, missing(`Admin key not found: ${id}`));
    }
    const { data } = (await asRole(VIEWER, "GET", "/admin-keys?size=1000")).body;
    expect(new Set(data.map((key: { organization: string }) => key.organization))).toEqual(
      new Set([w.organization]),
    );
  });

  it("are created in the administrator's own organization only", async () => {
    const key = { name: "k", role: VIEWER };
    const member = { email: "someone@example.com", role: VIEWER };
    for (const [path, body] of [
      ["/admin-keys", key],
      ["/members", member],
    ] as const) {
      expectFailure(
        await asRole(OWNER, "POST", path, { ...body, organization: other.organization }),
        404,
        missing(`Organization not found: ${other.organization}`),
      );
      expectFailure(await asRole(OWNER, "POST", path, { ...body, organization: null }), 403, FORBIDDEN);
      expectFailure(
        await askAdmin("POST", path, { body: { ...body, organization: "no-such" } }),
        404,
        missing("Organization not found: no-such"),
      );
    }
  });

  it("get no role above the administrator's own, and are not managed by anyone with a lower role", async () => {
    const { organization } = w;
    expectFailure(
      await asRole(ADMIN, "POST", "/admin-keys", { name: "k", role: OWNER, organization }),
      403,
      FORBIDDEN,
    );
    const { id } = await makeKey(OWNER, organization);
    expectFailure(await asRole(ADMIN, "DELETE", `/admin-keys/${id}`), 403, FORBIDDEN);
    expectFailure(await asRole(ADMIN, "POST", `/admin-keys/${id}/rotate`, {}), 403, FORBIDDEN);
    const lower = await makeKey(EDITOR, organization);
    expectFailure(await asRole(ADMIN, "PATCH", `/admin-keys/${lower.id}`, { role: OWNER }), 403, FORBIDDEN);
    expectStatus(await asRole(ADMIN, "PATCH", `/admin-keys/${lower.id}`, { role: ADMIN }), 200);
  });

  it("cannot leave an organization without an OWNER", async () => {
    const { organization } = await makeWorkspace();
    const add = async (email: string, role: AdminRole) =>
      expectStatus(await askAdmin("POST", "/members", { body: { email, role, organization } }), 201).body.data
        .id;
    const conflict = { code: "WORKSPACE_STATUS", message: "The last OWNER cannot be removed" };
    const first = await add("First@example.com", OWNER);
    await add("editor@example.com", EDITOR);
    const demote = (id: string, role: AdminRole) => askAdmin("PATCH", `/members/${id}`, { body: { role } });
    expectFailure(await askAdmin("DELETE", `/members/${first}`), 409, conflict);
    expectFailure(await demote(first, ADMIN), 409, conflict);
    expectStatus(await demote(first, OWNER), 200);
    const second = await add("second@example.com", OWNER);
    const both = await Promise.all([first, second].map((id) => askAdmin("DELETE", `/members/${id}`)));
    expect(both.map(({ status }) => status).sort()).toEqual([204, 409]);
    const again = await askAdmin("POST", "/members", {
      body: { email: "EDITOR@example.com", role: VIEWER, organization },
    });
    expectFailure(again, 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "A record with email 'editor@example.com' already exists",
    });
  });
});

it("an organization that has lost its last OWNER key is recovered with the admin token", async () => {
  const { organization } = await makeWorkspace();
  const body = { name: "owner", organization, role: "OWNER" };
  const make = async () => expectStatus(await askAdmin("POST", "/admin-keys", { body }), 201).body.data;
  const { id, key } = await make();
  expectStatus(await ask("DELETE", `/admin/v1/admin-keys/${id}`, { token: key }), 204);
  expectFailure(await ask("GET", "/admin/v1/me", { token: key }), 401, {
    code: "UNAUTHORIZED",
    message: "Invalid admin token",
  });
  const next = await make();
  expectStatus(await ask("GET", `/admin/v1/organizations/${organization}`, { token: next.key }), 200);
});

describe("single sign-on", () => {
  const provider = makeIssuer("admins", "audience-of-admins");
  const email = `kim-${crypto.randomUUID()}@example.com`;
  let memberId = "";
  beforeAll(async () => {
    await provider.addKey("one");
    const body = { email: email.toUpperCase(), organization: w.organization, role: ADMIN };
    memberId = expectStatus(await askAdmin("POST", "/members", { body }), 201).body.data.id;
  });
  const token = (changes: object = {}) => provider.sign("one", { email, sub: "ann", ...changes });

  it("gives a member its role, in one round trip", async () => {
    const sent = { token: await token() };
    expect(expectStatus(await ask("GET", "/admin/v1/me", sent), 200).body.data).toMatchObject({
      kind: "MEMBER",
      id: "ann",
      name: email,
      role: ADMIN,
    });
    const { answer, roundTrips } = await askCounted("GET", `/admin/v1${w.adminPath}`, sent);
    expect([answer.status, roundTrips]).toEqual([200, 1]);
    expectStatus(await ask("GET", `/admin/v1${other.adminPath}`, sent), 404);
  });

  it.each([true, "true"])("takes an address with `email_verified` %j", async (verified) => {
    const sent = { token: await token({ email_verified: verified, email: email.toUpperCase() }) };
    expect(expectStatus(await ask("GET", "/admin/v1/me", sent), 200).body.data.name).toBe(email);
  });

  it("combines the roles of several organizations", async () => {
    const body = { email, organization: other.organization, role: VIEWER };
    const { id } = expectStatus(await askAdmin("POST", "/members", { body }), 201).body.data;
    const sent = { token: await token(), body: { name: "Test" } };
    expectStatus(await ask("GET", `/admin/v1${other.adminPath}`, { token: sent.token }), 200);
    expectFailure(await ask("PATCH", `/admin/v1${other.adminPath}`, sent), 403, FORBIDDEN);
    expectStatus(await ask("PATCH", `/admin/v1${w.adminPath}`, sent), 200);
    const { data } = (await ask("GET", "/admin/v1/organizations", { token: sent.token })).body;
    expect(data.map(({ slug }: { slug: string }) => slug).sort()).toEqual(
      [w.organization, other.organization].sort(),
    );
    expectStatus(await askAdmin("DELETE", `/members/${id}`), 204);
  });

  it("by Cloudflare Access asks for X-Requested-With on unsafe methods", async () => {
    const access = { "Cf-Access-Jwt-Assertion": await token() };
    const patch = (headers: Record<string, string>) =>
      ask("PATCH", `/admin/v1${w.adminPath}`, { headers: { ...access, ...headers }, body: { name: "Test" } });
    expectStatus(await ask("GET", "/admin/v1/me", { headers: access }), 200);
    expectFailure(await patch({}), 403, {
      code: "FORBIDDEN",
      message:
        "X-Requested-With is required: this request is authenticated by a header that browsers add by themselves",
    });
    expectStatus(await patch({ "X-Requested-With": "console" }), 200);
  });

  it.each([
    ["no address", { email: undefined }, INVALID],
    ["an address that is not verified", { email_verified: false }, INVALID],
    ["an address that is not verified, as some providers write it", { email_verified: "false" }, INVALID],
    ["another audience", { aud: "other" }, { ...INVALID, message: "Invalid token" }],
    ["an end that has passed", { exp: 1 }, { ...INVALID, message: "Token has expired" }],
  ])("refuses a token with %s", async (_, changes, error) => {
    expectFailure(await ask("GET", "/admin/v1/me", { token: await token(changes) }), 401, error);
  });

  it("allows nothing to people who are not, or no longer, members", async () => {
    /* The lower case of the Kelvin sign is k. */
    for (const stranger of ["stranger@example.com", email.replace("k", "\u212a")]) {
      const sent = { token: await token({ email: stranger }) };
      expectFailure(await ask("GET", "/admin/v1/me", sent), 403, FORBIDDEN);
    }
    expectStatus(await askAdmin("DELETE", `/members/${memberId}`), 204);
    for (const path of ["/me", w.adminPath])
      expectFailure(await ask("GET", `/admin/v1${path}`, { token: await token() }), 403, FORBIDDEN);
  });
});

describe("the audit", () => {
  type Entry = { action: string; subject: string; actor: object };
  const entriesOf = async (path: string, token?: string): Promise<Entry[]> =>
    expectStatus(await (token ? ask("GET", `/admin/v1${path}`, { token }) : askAdmin("GET", path)), 200).body
      .data;

  it("names who made each change", async () => {
    const { id, key } = await makeKey(ADMIN, w.organization, { name: "deployer" });
    expectStatus(await ask("PATCH", `/admin/v1${w.adminPath}`, { token: key, body: { name: "Test" } }), 200);
    const column = { name: "text", type: "TEXT" };
    const path = `/admin/v1${w.adminPath}/entities/Note/columns`;
    expectStatus(await ask("POST", path, { token: key, body: column }), 201);
    const [schema, workspace] = await entriesOf(`${w.adminPath}/audit?size=2`);
    for (const entry of [schema, workspace])
      expect(entry?.actor).toEqual({ kind: "ADMIN_KEY", id, name: "deployer" });
    const [made] = await entriesOf(`/audit?subject=${id}`);
    expect(made).toMatchObject({
      action: "admin-key.created",
      actor: { kind: "ADMIN_TOKEN", id: null, name: "ADMIN_TOKEN" },
      before: null,
      after: { name: "deployer", role: ADMIN },
    });
    expect(JSON.stringify(made)).not.toContain(key);
  });

  it("lists entries without a workspace or of a deleted one, but none of other organizations", async () => {
    const v = await makeWorkspace();
    expectStatus(await askAdmin("PATCH", `/organizations/${v.organization}`, { body: { name: "New" } }), 200);
    expectStatus(await v.admin("DELETE", `?confirm=${v.workspace}`), 204);
    const viewer = await makeKey(VIEWER, v.organization);
    const entries = await entriesOf("/audit?size=1000", viewer.key);
    expect(entries.map(({ action }) => action)).toEqual([
      "admin-key.created",
      "workspace.deleted",
      "organization.updated",
      "api-key.created",
      "workspace.created",
      "organization.created",
    ]);
    const all = await entriesOf("/audit?size=1000");
    expect(all.length).toBeGreaterThan(entries.length);
    expect(all.map(({ subject }) => subject)).not.toContain(w.workspace);
  });
});
