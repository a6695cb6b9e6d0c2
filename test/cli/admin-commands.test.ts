import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { startCli } from "../support/processes/cli-process.ts";
import { useCliWorkspace } from "../support/processes/cli-workspace.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { findFreePort } from "../support/processes/serve-process.ts";

/** The process itself needs time to start on a busy machine. */
const LOAD_FACTOR = 5;

const { baseUrl, w, environmentOfCli, cli, jsonOf, statusWith } = useCliWorkspace();

describe("keys", () => {
  it("creates a working key, rotates it, revokes it, and shows it only when it is created", async () => {
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
    for (const secret of [created.key, key, w().key]) expect(listed.stdout + all).not.toContain(secret);

    expect(await cli("keys", "revoke", created.id)).toMatchObject({ code: 0 });
    expect([await statusWith(created.key), await statusWith(key)]).toEqual([401, 401]);
  });

  it("limits a key when it is created and later, and removes the limits again", async () => {
    const body = { name: "Other", columns: [] };
    await createApiClient(baseUrl(), ADMIN_TOKEN).require("POST", `${w().adminPath}/entities`, body);
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

describe("organizations", () => {
  it("creates, lists, renames and deletes them", async () => {
    const created = await cli("organizations", "create", "acme", "--name", "Acme");
    expect(created).toMatchObject({ code: 0, stdout: "Created acme (Acme).\n" });
    expect(await jsonOf("organizations", "update", "acme", "--name", "Acme Inc.")).toMatchObject({
      name: "Acme Inc.",
    });
    expect((await cli("organizations", "list")).stdout).toMatch(
      /^SLUG +NAME +CREATED\n[\s\S]*acme +Acme Inc. +20/,
    );
    expect(await cli("organizations", "delete", "acme", "--confirm", "other")).toMatchObject({ code: 2 });
    await jsonOf("organizations", "delete", "acme", "--confirm", "acme");
    const slugs = (await jsonOf("organizations", "list")).map(({ slug }: { slug: string }) => slug);
    expect(slugs).toContain(w().organization);
    expect(slugs).not.toContain("acme");
  });
});

describe("webhooks", () => {
  it("creates one, sends records, lists and repeats deliveries, changes it and deletes it", async () => {
    const to = "https://hooks.example.com/in";
    const options = [
      "--events",
      "record.created, record.deleted",
      "--entities",
      "Note",
      "--header",
      "X-Team=a=b",
    ];
    const created = await jsonOf("webhooks", "create", "shipping", to, ...options);
    expect(created).toMatchObject({
      name: "shipping",
      url: to,
      events: ["record.created", "record.deleted"],
      entities: ["Note"],
      headers: { "X-Team": "a=b" },
      secret: expect.stringMatching(/^whsec_/),
    });
    const { id } = created;
    const rotated = await cli("webhooks", "rotate-secret", id);
    expect(rotated.stdout).toMatch(/^shipping \(whk_\w+\), shown only now:\nwhsec_/);
    expect((await cli("webhooks", "list")).stdout).toMatch(
      /shipping +https:\S+ +record.created,record.deleted +Note +yes/,
    );

    await createApiClient(baseUrl(), w().key).require("POST", `${w().path}/Note`, {
      text: "a",
    });
    const { deliveryId } = await jsonOf("webhooks", "send", id, "Note", "1");
    const deliveries = await jsonOf("webhooks", "deliveries", id);
    expect(deliveries.map((delivery: { id: string }) => delivery.id)).toContain(deliveryId);
    expect(deliveries).toHaveLength(2);
    expect((await cli("webhooks", "deliveries", id, "--size", "1")).stdout.split("\n")).toHaveLength(3);
    expect(await cli("webhooks", "redeliver", id, deliveryId)).toMatchObject({
      code: 0,
      stdout: `Delivering ${deliveryId} again.\n`,
    });

    const change = ["--disable", "--entities", "all", "--to", "https://other.example.com/"];
    expect(await jsonOf("webhooks", "update", id, ...change)).toMatchObject({
      enabled: false,
      entities: null,
      url: "https://other.example.com/",
      events: ["record.created", "record.deleted"],
    });
    expect(await jsonOf("webhooks", "update", id, "--enable")).toMatchObject({ enabled: true });
    await jsonOf("webhooks", "delete", id);
    expect(await jsonOf("webhooks", "list")).toEqual([]);
  });

  it("creates one with a filter, expansions and Ed25519 signatures, and ends the first two", async () => {
    const parent = { name: "parentId", references: { entity: "Note", relationship: "parent" } };
    await createApiClient(baseUrl(), ADMIN_TOKEN).require(
      "POST",
      `${w().adminPath}/entities/Note/columns`,
      parent,
    );
    const filter = { record: { text: { like: "a" } } };
    const options = ["--filter", JSON.stringify(filter), "--expand", "parent", "--signature", "v1a"];
    const address = "https://hooks.example.com/in";
    const created = await jsonOf("webhooks", "create", "some", address, "--entities", "Note", ...options);
    expect(created).toMatchObject({ filter, expand: ["parent"], signature: "v1a", entities: ["Note"] });
    const ended = await jsonOf("webhooks", "update", created.id, "--filter", "none", "--expand", "none");
    expect(ended).toMatchObject({ filter: null, expand: null });
    const wrong = await cli("webhooks", "create", "x", address, "--entities", "Note", "--filter", "[1]");
    expect(wrong.stderr).toContain("It must be a JSON object");
  });
});

describe("audit", () => {
  it("lists what was changed, newest first, and filters it", async () => {
    const { id } = await jsonOf("keys", "create", "reader");
    await cli("keys", "revoke", id);
    const entries = await jsonOf("audit", "--subject", id);
    expect(entries.map(({ action }: { action: string }) => action)).toEqual([
      "api-key.revoked",
      "api-key.created",
    ]);
    const shown = await cli(
      "audit",
      "--action",
      "api-key.revoked",
      "--from",
      "2020-01-01T00:00:00Z",
      "--size",
      "1",
    );
    expect(shown.stdout).toMatch(
      /^AT +ACTION +SUBJECT +ACTOR +REQUEST\n20\S+ +api-key.revoked +key_\w+ +ADMIN_TOKEN +\S+\n$/,
    );
  });

  it("lists what was changed outside of workspaces", async () => {
    const entries = await jsonOf("audit", "--outside-workspaces", "--subject", w().organization);
    expect(entries).toMatchObject([{ action: "organization.created", actor: { kind: "ADMIN_TOKEN" } }]);
    expect(await jsonOf("audit", "--subject", w().organization)).toEqual([]);
  });
});

describe("profiles", () => {
  let HOME = "";
  beforeEach(() => {
    HOME = mkdtempSync(join(tmpdir(), "cli-home-"));
    return () => rmSync(HOME, { recursive: true });
  });
  const run = (args: readonly string[], environment = {}) => startCli(args, { HOME, ...environment }).ended;
  const save = (...args: readonly string[]) => run(["profiles", "save", "staging", ...args]);

  it("keep the address and the secrets of a deployment, readable for their owner only", async () => {
    const place = ["--org", w().organization, "--workspace", w().workspace];
    await save("--url", baseUrl(), "--admin-token", ADMIN_TOKEN, ...place);
    expect(await save("--key", w().key)).toMatchObject({ code: 0 });
    const file = join(HOME, ".config/schemastack/config.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { organization, workspace, key } = w();
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      profiles: { staging: { url: baseUrl(), adminToken: ADMIN_TOKEN, key, organization, workspace } },
    });
    expect(await run(["export", "Note", "--profile", "staging"])).toMatchObject({ code: 0 });
    expect(await run(["keys", "list"], { SCHEMASTACK_PROFILE: "staging" })).toMatchObject({ code: 0 });
    const listed = await run(["profiles", "list"]);
    expect(listed.stdout).toMatch(/staging +http\S+ +o\S+ +w +key, admin token\n$/);
    for (const secret of [ADMIN_TOKEN, key]) expect(listed.stdout).not.toContain(secret);
    expect(await run(["profiles", "remove", "staging"])).toMatchObject({ code: 0 });
    expect(readFileSync(file, "utf8")).not.toContain(key);
  });

  it("never send secrets to another address", async () => {
    await save("--url", baseUrl(), "--admin-token", ADMIN_TOKEN);
    expect(await save("--url", "https://other.example")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("secrets for another address"),
    });
    expect(
      await run(["keys", "list", "--profile", "staging", "--url", "https://other.example"]),
    ).toMatchObject({
      code: 2,
      stderr: "Give --profile or --url, not both.\n",
    });
    const withKey = {
      SCHEMASTACK_KEY: w().key,
      SCHEMASTACK_ORG: w().organization,
      SCHEMASTACK_WORKSPACE: "w",
    };
    expect(await run(["export", "Note", "--profile", "staging"], withKey)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Missing an API key"),
    });
    expect(await run(["keys", "list", "--profile", "production"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no profile 'production'"),
    });
  });
});

describe("any command", () => {
  it("ends quietly when nobody reads its output", async () => {
    for (const args of [
      ["import", "--help"],
      ["keys", "list"],
      ["keys", "burn"],
    ]) {
      const { child, ended } = startCli(args, environmentOfCli());
      child.stdout?.destroy();
      const { code, stderr } = await ended;
      expect({ args, code, stderr }).toEqual({
        args,
        code: args[1] === "burn" ? 2 : 0,
        stderr: args[1] === "burn" ? expect.stringContaining("unknown command") : "",
      });
    }
  });

  it("reports an unreachable server within two seconds", async () => {
    const environment = {
      ...environmentOfCli(),
      SCHEMASTACK_URL: `http://127.0.0.1:${await findFreePort()}`,
    };
    const start = performance.now();
    expect(await startCli(["keys", "list"], environment).ended).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("is the server running?"),
    });
    expect(performance.now() - start).toBeLessThan(LOAD_FACTOR * 2_000);
  });

  it("reports a server that accepts connections and does not respond", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const environment = { ...environmentOfCli(), SCHEMASTACK_URL: `http://127.0.0.1:${port}` };
    const { child, ended } = startCli(["keys", "list"], environment);
    const [text] = await once(child.stderr ?? silent, "data");
    expect(String(text)).toBe(`No response from http://127.0.0.1:${port} yet; still waiting.\n`);
    child.kill("SIGKILL");
    await ended;
    silent.close();
    silent.closeAllConnections();
  });

  it("reports an error with exit code 1, as text or JSON", async () => {
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
