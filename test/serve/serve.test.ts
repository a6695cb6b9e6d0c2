import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  childrenOf,
  findFreePort,
  type ServeProcess,
  startServe,
  WITH_STUB,
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

  function serve(at = port): ServeProcess {
    const server = startServe(directory, at);
    servers.push(server);
    return server;
  }

  async function serveUntilReady(): Promise<ServeProcess> {
    const server = serve();
    await server.waitFor(`Ready on http://127.0.0.1:${port}\n`);
    return server;
  }

  async function read(path: string): Promise<unknown> {
    return (await fetch(`http://127.0.0.1:${port}${path}`)).json();
  }

  it("answers once it says Ready, with a migrated database and its secrets bound, not written to its config", async () => {
    await serveUntilReady();
    expect(await read("/database")).toEqual({ migrations: expect.any(Number) });
    expect(await read("/bindings")).toEqual(
      expect.arrayContaining(["ADMIN_TOKEN", "API_KEYS", "LIBSQL_URL"]),
    );
    const { adminToken } = JSON.parse(readFileSync(join(directory, "secrets.json"), "utf8"));
    expect(statSync(join(directory, "secrets.json")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory, "dist/workerd.capnp"), "utf8")).not.toContain(adminToken);
  });

  it.each([
    ["ALLOW_HTTP_WEBHOOKS", "yes", "must be true or false"],
    ["WEBHOOK_SECRET_KEY", "short-one", "must be at least 32 characters"],
    ["LIBSQL_URL", "foo", "must be http://…, https://… or libsql://…"],
  ])(
    "refuses to start with a wrong %s, in one sentence and without its value",
    async (name, value, message) => {
      const server = startServe(directory, port, { [name]: value });
      expect(await server.exited).toBe(1);
      expect(server.output()).toBe(`${name} ${message}\n`);
    },
  );

  it("gives the Worker a KV that reads, writes, deletes, lists in pages and refuses what a disk cannot hold", async () => {
    await serveUntilReady();
    expect(await read("/kv")).toEqual({
      json: { n: 1 },
      missing: null,
      odd: "3",
      pages: ["key:a", "key:b"],
      isComplete: [false, true],
      refused: "KV on disk cannot hold the key 'a/b'",
      deleted: null,
    });
  });

  it("ends with code 0 on SIGTERM, leaves no process and keeps data and admin token for the next start", async () => {
    const first = await serveUntilReady();
    await fetch(`${first.baseUrl}/key:kept`, { method: "PUT", body: "value" });
    const children = childrenOf(first.child.pid).map(({ pid }) => pid);
    expect(children).toHaveLength(2);
    first.child.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    await waitUntilGone(children);
    expect(first.output()).toContain("Admin token: ");

    const second = await serveUntilReady();
    expect(await (await fetch(`${second.baseUrl}/key:kept`)).text()).toBe("value");
    expect(second.output()).not.toContain("Admin token: ");
  });

  it("ends when npm, which runs it, is told to", async () => {
    const npm = startServe(directory, port, WITH_STUB, ["npm", "run", "serve"]);
    await npm.waitFor(`Ready on http://127.0.0.1:${port}\n`);
    const [server, ...others] = childrenOf(npm.child.pid).map(({ pid }) => pid);
    expect(others).toEqual([]);
    const children = childrenOf(server).map(({ pid }) => pid);
    expect(children).toHaveLength(2);
    npm.child.kill("SIGTERM");
    await waitUntilGone([server ?? 0, ...children]);
  });

  it("leaves no orphans after kill -9, and the next start keeps the data", async () => {
    const first = await serveUntilReady();
    await fetch(`${first.baseUrl}/key:kept`, { method: "PUT", body: "value" });
    const children = childrenOf(first.child.pid).map(({ pid }) => pid);
    first.child.kill("SIGKILL");
    await first.exited;
    const second = await serveUntilReady();
    await waitUntilGone(children);
    expect(await (await fetch(`${second.baseUrl}/key:kept`)).text()).toBe("value");
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

  it("refuses a data directory that another server uses", async () => {
    await serveUntilReady();
    const second = serve(await findFreePort());
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`${directory} is in use by another server`);
  });

  it("starts a crashed database again, on the address that the Worker knows", async () => {
    const server = await serveUntilReady();
    const database = childrenOf(server.child.pid).find(({ command }) => command.includes("database-child"));
    process.kill(database?.pid ?? 0, "SIGKILL");
    await server.waitFor("starting it again");
    await expect.poll(() => read("/database").catch(() => undefined), { timeout: 10_000 }).toBeTruthy();
  });

  it("ends with code 1 and says so when workerd dies", async () => {
    const server = await serveUntilReady();
    const workerd = childrenOf(server.child.pid).find(({ command }) => command.includes("workerd serve"));
    process.kill(workerd?.pid ?? 0, "SIGKILL");
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain("workerd ended unexpectedly (signal SIGKILL).");
  });
});
