import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, makeCounterWorkspace } from "../support/processes/counter-workspace.ts";
import {
  childrenOf,
  findFreePort,
  SERVE,
  type ServeProcess,
  startServe,
  waitUntilGone,
} from "../support/processes/serve-process.ts";

describe("npm run serve", () => {
  let directory = "";
  let port = 0;
  const servers: ServeProcess[] = [];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "serve-test-"));
    port = await findFreePort();
  });

  afterEach(async () => {
    for (const { child, exited } of servers.splice(0)) {
      child.kill("SIGTERM");
      await exited;
    }
    rmSync(directory, { recursive: true, force: true });
  });

  function serve(
    variables: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ): ServeProcess {
    const server = startServe(directory, port, variables, [...SERVE, ...flags]);
    servers.push(server);
    return server;
  }

  async function serveUntilReady(variables: Readonly<Record<string, string>> = {}): Promise<ServeProcess> {
    const server = serve(variables);
    await server.waitFor(`Ready on http://127.0.0.1:${port}\n`);
    return server;
  }

  const modeOf = (name: string) => statSync(join(directory, name)).mode & 0o777;

  it("accepts requests once it prints Ready, and prints where its admin token is instead of the token", async () => {
    const server = await serveUntilReady();
    expect((await fetch(`${server.baseUrl}/readyz`)).status).toBe(200);
    const file = join(directory, "secrets.json");
    const { adminToken } = JSON.parse(readFileSync(file, "utf8"));
    expect(server.output()).toContain(`Admin token: in ${file}\n`);
    expect(server.output()).not.toContain(adminToken);
    const headers = { Authorization: `Bearer ${adminToken}` };
    expect((await fetch(`${server.baseUrl}/admin/v1/organizations`, { headers })).status).toBe(200);
  });

  it("leaves nothing in the temporary directory, even when it is killed", async () => {
    const temporary = mkdtempSync(join(tmpdir(), "serve-temporary-"));
    try {
      const { child, exited } = await serveUntilReady({ TMPDIR: temporary });
      child.kill("SIGKILL");
      await exited;
      await serveUntilReady({ TMPDIR: temporary });
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });

  it("makes its directory and every file in it private, existing ones too", async () => {
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, "data.db"), "", { mode: 0o644 });
    await serveUntilReady();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const modes = readdirSync(directory).map((name) => [name, modeOf(name)]);
    expect(modes.filter(([, mode]) => mode !== 0o600)).toEqual([]);
    expect(modes.length).toBeGreaterThan(3);
  });

  it.each([
    ["ALLOW_HTTP_WEBHOOKS", "yes", "must be true or false"],
    ["WEBHOOK_SECRET_KEY", "short-one", "must be at least 32 characters"],
    ["ADMIN_TOKEN", "a", "must be at least 32 characters"],
    ["LIBSQL_URL", "foo", "must be http://…, https://… or libsql://…"],
    ["ADMIN_ISSUER", "https://id.example.com", "needs ADMIN_AUDIENCE beside it"],
    ["ADMIN_AUDIENCE", "admins", "needs ADMIN_ISSUER beside it"],
    ["SYNC", "off", "must be 'full' or 'normal', not 'off'."],
    ["READERS", "0", "must be a whole number above 0, not '0'."],
  ])("refuses to start with a wrong %s, in one sentence", async (name, value, message) => {
    const server = serve({ [name]: value });
    expect(await server.exited).toBe(1);
    expect(server.output()).toBe(`${name} ${message}\n`);
  });

  it("explains itself with --help, and refuses flags that it does not know", async () => {
    const help = serve({}, ["--help"]);
    expect(await help.exited).toBe(0);
    expect(help.output()).toContain("Usage: npm run serve");
    const unknown = serve({}, ["--nonsense"]);
    expect(await unknown.exited).toBe(1);
    expect(unknown.output()).toContain("Unknown option '--nonsense'");
  });

  it("checks settings and database with --check, and serves nothing", async () => {
    const check = serve({}, ["--check"]);
    expect(await check.exited).toBe(0);
    const allRight = "The settings, the data directory and the database are all right.\n";
    expect(check.output()).toBe(`Admin token: in ${join(directory, "secrets.json")}\n${allRight}`);
    const again = serve({}, ["--check"]);
    expect(await again.exited).toBe(0);
    expect(again.output()).toBe(allRight);
    writeFileSync(join(directory, "data.db"), "no database".repeat(1000));
    const broken = serve({}, ["--check"]);
    expect(await broken.exited).toBe(1);
  });

  it("is one process, which ends with code 0 on SIGTERM and keeps data, keys and admin token", async () => {
    const first = await serveUntilReady({ ADMIN_TOKEN });
    const workspace = await makeCounterWorkspace(first.baseUrl);
    expect((await workspace.create("kept"))?.status).toBe(201);
    expect(childrenOf(first.child.pid)).toEqual([]);
    first.child.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    const logged = statSync(join(directory, "data.db-wal"), { throwIfNoEntry: false });
    expect(logged?.size ?? 0).toBe(0);

    const second = await serveUntilReady({ ADMIN_TOKEN });
    expect(await workspace.names()).toEqual(["kept"]);
    expect(second.output()).not.toContain("Admin token");
  });

  it("ends when the npm that runs it is ended", async () => {
    const npm = startServe(directory, port, {}, ["npm", "run", "serve"]);
    await npm.waitFor(`Ready on http://127.0.0.1:${port}\n`);
    const [server, ...others] = childrenOf(npm.child.pid).map(({ pid }) => pid);
    expect(others).toEqual([]);
    npm.child.kill("SIGTERM");
    await waitUntilGone([server ?? 0]);
  });

  it("takes over the keys that an earlier version kept in a directory", async () => {
    const first = await serveUntilReady({ ADMIN_TOKEN });
    const workspace = await makeCounterWorkspace(first.baseUrl);
    first.child.kill("SIGTERM");
    await first.exited;
    const { default: Database } = await import("libsql");
    const database = new Database(join(directory, "data.db"));
    mkdirSync(join(directory, "kv"));
    for (const row of database.prepare("SELECT key, value FROM _kv").all() as {
      key: string;
      value: string;
    }[]) {
      writeFileSync(join(directory, "kv", row.key), row.value);
    }
    database.exec("DROP TABLE _kv");
    database.close();
    await serveUntilReady({ ADMIN_TOKEN });
    expect((await workspace.create("after"))?.status).toBe(201);
  });

  it("names a taken port and how to change it, and starts nothing", async () => {
    const other = createServer().listen(port, "127.0.0.1");
    const server = serve();
    expect(await server.exited).toBe(1);
    other.close();
    expect(server.output().trim()).toBe(
      `Port ${port} is already in use: stop what listens there, or choose another, for example PORT=${port + 1}.`,
    );
  });

  it("refuses a data directory that cannot be one, in one sentence", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    const server = serve({ DATA_DIR: join(file, "data") });
    expect(await server.exited).toBe(1);
    expect(server.output()).toBe(`DATA_DIR cannot be used: EEXIST: file already exists, mkdir '${file}'.\n`);
  });

  it("refuses a data directory where the system allows none", async () => {
    const server = serve({ DATA_DIR: "/proc/none/data" });
    expect(await server.exited).toBe(1);
    expect(server.output()).toMatch(/^DATA_DIR cannot be used: E[A-Z]+: .* mkdir '\/proc(?:\/none)?'\.\n$/);
  });

  it("refuses a data directory that another server uses", async () => {
    await serveUntilReady();
    port = await findFreePort();
    const second = serve();
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`${directory} is in use by another server`);
  });
});
