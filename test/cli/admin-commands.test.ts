import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { environmentOf, startCli } from "../support/processes/cli-process.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

let served: Served;
let w: ServedWorkspace;

beforeAll(async () => {
  served = await serveWorker();
});
afterAll(() => served.stop());

beforeEach(async () => {
  w = await makeServedWorkspace(served.baseUrl, {
    name: "Note",
    columns: [{ name: "text", type: "VARCHAR" }],
  });
});

const cli = (...args: readonly string[]) => startCli(args, environmentOf(served.baseUrl, w)).ended;

async function jsonOf(...args: readonly string[]) {
  const { code, stdout, stderr } = await cli(...args, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

const statusWith = async (key: string) =>
  (await fetch(`${served.baseUrl}${w.path}/Note`, { headers: { authorization: `Bearer ${key}` } })).status;

describe("keys", () => {
  it("makes a key that works, rotates it, revokes it, and shows it only when it is made", async () => {
    const created = await jsonOf("keys", "create", "reader", "--expires-at", "2099-01-01T00:00:00Z");
    expect(created).toMatchObject({
      name: "reader",
      permission: "READ_ONLY",
      expiresAt: "2099-01-01T00:00:00.000Z",
    });
    expect(await statusWith(created.key)).toBe(200);

    const rotated = await cli("keys", "rotate", created.id, "--grace-period", "600");
    const key = /^sk_live_\w+$/m.exec(rotated.stdout)?.[0] ?? "";
    expect([await statusWith(created.key), await statusWith(key)]).toEqual([200, 200]);

    const listed = await cli("keys", "list");
    expect(listed.stdout).toContain(created.id);
    const all = JSON.stringify(await jsonOf("keys", "list"));
    for (const secret of [created.key, key, w.key]) expect(listed.stdout + all).not.toContain(secret);

    expect(await cli("keys", "revoke", created.id)).toMatchObject({ code: 0 });
    expect([await statusWith(created.key), await statusWith(key)]).toEqual([401, 401]);
  });

  it("narrows a key when it is made and later, and takes the limits away again", async () => {
    const body = { name: "Other", columns: [] };
    await createApiClient(served.baseUrl, ADMIN_TOKEN).require("POST", `${w.adminPath}/entities`, body);
    const narrow = ["--scopes", "Note:read,create Other:read", "--allowed-ips", "127.0.0.1, 2001:db8::/32"];
    const created = await jsonOf("keys", "create", "window", "--permission", "READ_WRITE", ...narrow);
    expect(created).toMatchObject({
      scopes: [
        { entity: "Note", operations: ["read", "create"] },
        { entity: "Other", operations: ["read"] },
      ],
      allowedIps: ["127.0.0.1", "2001:db8::/32"],
    });
    expect(await statusWith(created.key)).toBe(200);
    await jsonOf("keys", "update", created.id, "--scopes", "Other:read");
    expect(await statusWith(created.key)).toBe(403);
    const wide = ["--scopes", "all", "--allowed-ips", "any", "--expires-at", "never", "--name", "door"];
    const updated = await jsonOf("keys", "update", created.id, ...wide, "--permission", "READ_ONLY");
    expect(updated).toMatchObject({ name: "door", permission: "READ_ONLY", expiresAt: null });
    expect([updated.scopes, updated.allowedIps]).toEqual([undefined, undefined]);
    expect(await statusWith(created.key)).toBe(200);
    expect((await cli("keys", "update", created.id, "--name", "gate")).stdout).toBe(
      `Updated gate (${created.id}).\n`,
    );
  });
});

describe("workspaces", () => {
  it("makes, lists, changes and drops them", async () => {
    await jsonOf("workspaces", "create", "second", "--name", "Second one");
    const listed = await jsonOf("workspaces", "list");
    expect(listed.map(({ slug }: { slug: string }) => slug).sort()).toEqual(["second", "w"]);
    const change = ["--access-mode", "READ_ONLY", "--rate-limit", "300", "--max-expand-depth", "2"];
    const origins = ["--cors-origin", "https://a.example", "--cors-origin", "https://b.example"];
    expect(await jsonOf("workspaces", "update", "second", ...change, ...origins)).toMatchObject({
      name: "Second one",
      accessMode: "READ_ONLY",
      rateLimit: 300,
      maxExpandDepth: 2,
      corsAllowedOrigins: ["https://a.example", "https://b.example"],
    });
    const back = await jsonOf("workspaces", "update", "second", "--rate-limit", "none", "--any-origin");
    expect(back).toMatchObject({ accessMode: "READ_ONLY", rateLimit: null, corsAllowedOrigins: null });
    expect(await cli("workspaces", "delete", "second", "--confirm", "other")).toMatchObject({ code: 2 });
    await jsonOf("workspaces", "delete", "second", "--confirm", "second");
    expect(await jsonOf("workspaces", "list")).toHaveLength(1);
  });

  it("shows people a table and a sentence", async () => {
    expect((await cli("workspaces", "list")).stdout).toMatch(
      /^SLUG +NAME +ACCESS MODE +SCHEMA +CREATED\nw +W +ACTIVE +1 +20\S+Z\n$/,
    );
    expect((await cli("workspaces", "update", "w", "--name", "New")).stdout).toBe(
      "Updated w (New): ACTIVE, schema version 1\n",
    );
  });
});

describe("any command", () => {
  it("tells of a refusal with exit code 1, in words or as JSON", async () => {
    const args = ["workspaces", "create", "w"];
    const message = "A record with slug 'w' already exists";
    expect(await cli(...args)).toEqual({
      code: 1,
      stdout: "",
      stderr: `${message} (409 UNIQUE_CONSTRAINT_VIOLATION)\n`,
    });
    const { stderr } = await cli(...args, "--json");
    expect(JSON.parse(stderr)).toEqual({
      error: { status: 409, code: "UNIQUE_CONSTRAINT_VIOLATION", message },
    });
  });

  it.each([
    [["keys", "list", "--admin-token", ""], "Missing the admin token: --admin-token or"],
    [["keys", "create", "x", "--permission", "ALL"], "Allowed choices are READ_ONLY, READ_WRITE"],
    [["keys", "rotate", "x", "--grace-period", "soon"], "It must be a whole number from 0."],
    [
      ["keys", "create", "x", "--scopes", "Note"],
      "It must be like 'Product:read,create Inquiry:create', or 'all'.",
    ],
    [["keys", "burn"], "unknown command 'burn'"],
    [["export", "Note", "--url", "ftp://example.com"], "is not an http or https address"],
    [["workspaces", "update", "w"], "Nothing to change"],
    [["export", "Note", "/nowhere/at/all.csv"], "no such file or directory"],
    [["schema", "plan", "/nowhere.json"], "no such file or directory"],
  ])("refuses %j with exit code 2", async (args, message) => {
    expect(await cli(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it.each([["--help"], ["import", "--help"], ["keys", "--help"], ["schema", "apply", "--help"]])(
    "helps: %j",
    async (...args) => {
      const { code, stdout } = await cli(...args);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("Usage: npm run cli --") });
    },
  );
});
