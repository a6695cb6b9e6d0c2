import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Database from "libsql";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { type ApiClient, createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { findFreePort, type ServeProcess, startServe } from "../support/processes/serve-process.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";
import { type Receiver, startReceiver } from "../support/processes/webhook-receiver.ts";

/* The backup of docs/operations.md, made while the server runs and restored in the same place and elsewhere. */

const ROOT = resolve(import.meta.dirname, "../..");
const note = { name: "Note", columns: [{ name: "text", type: "VARCHAR" }] };

let directory = "";
let elsewhere = "";
let receiver: Receiver;
let server: ServeProcess;
beforeAll(async () => {
  [directory, elsewhere] = [mkdtempSync(join(tmpdir(), "backup-")), mkdtempSync(join(tmpdir(), "backup-"))];
  receiver = await startReceiver();
});
afterAll(async () => {
  await stop();
  await receiver.close();
  for (const made of [directory, elsewhere]) rmSync(made, { recursive: true, force: true });
});

async function start(dataDirectory: string): Promise<void> {
  const variables = { ADMIN_TOKEN, ALLOW_HTTP_WEBHOOKS: "true", ALLOW_PRIVATE_WEBHOOKS: "true" };
  server = startServe(dataDirectory, await findFreePort(), variables);
  await server.waitFor("Ready on ");
}

async function stop(): Promise<void> {
  server.child.kill("SIGTERM");
  await server.exited;
}

/** Runs the command of the page, which ends with its target. */
function backUp(target: string): void {
  const page = readFileSync(join(ROOT, "docs/operations.md"), "utf8");
  const [, command] = /```sh\n(DATA_DIR=.* npm run backup .*)\n```/.exec(page) ?? [];
  if (!command) throw new Error("docs/operations.md has no backup");
  const here = command.replace(/^DATA_DIR=\S+/, `DATA_DIR=${directory}`).replace(/\S+$/, target);
  execFileSync("sh", ["-c", here], { cwd: ROOT });
}

interface Key {
  readonly id: string;
  readonly key: string;
}

const admin = (): ApiClient => createApiClient(server.baseUrl, ADMIN_TOKEN);
const makeKey = async ({ adminPath }: ServedWorkspace) =>
  (await admin().require("POST", `${adminPath}/api-keys`, { name: "k", permission: "READ_WRITE" })) as Key;
const revoke = ({ adminPath }: ServedWorkspace, { id }: Key) =>
  admin().require("DELETE", `${adminPath}/api-keys/${id}`);

async function textsAs(key: string, { path }: ServedWorkspace): Promise<unknown> {
  const { status, body } = await createApiClient(server.baseUrl, key).send("GET", `${path}/Note?sort=id`);
  return status === 200 ? (body.data as { text: string }[]).map(({ text }) => text) : status;
}

it("restores records, schema, keys and webhooks of its moment; later keys are refused, and a sync restores the others", async () => {
  await start(directory);
  const w = await makeServedWorkspace(server.baseUrl, note);
  const box = receiver.mailbox("restored");
  const webhook = { name: "w", url: `${receiver.url}/restored`, events: ["record.created"] };
  const { secret } = (await admin().require("POST", `${w.adminPath}/webhooks`, webhook)) as {
    secret: string;
  };
  const write = (text: string) =>
    createApiClient(server.baseUrl, w.key).require("POST", `${w.path}/Note`, { text });
  const [ended, revoked] = [await makeKey(w), await makeKey(w)];
  await revoke(w, ended);
  await write("before");

  const backup = join(elsewhere, "data.db");
  backUp(backup);
  expect(statSync(backup).mode & 0o777).toBe(0o600);

  await write("after");
  await admin().require("POST", `${w.adminPath}/entities`, { ...note, name: "Later" });
  const later = await makeKey(w);
  await revoke(w, revoked);
  expect(await textsAs(later.key, w)).toEqual(["before", "after"]);

  await stop();
  copyFileSync(backup, join(directory, "data.db"));
  for (const log of ["data.db-wal", "data.db-shm"]) rmSync(join(directory, log), { force: true });
  await start(directory);

  expect(await textsAs(w.key, w)).toEqual(["before"]);
  expect((await createApiClient(server.baseUrl, w.key).send("GET", `${w.path}/Later`)).status).toBe(404);
  expect([await textsAs(later.key, w), await textsAs(ended.key, w)]).toEqual([401, 401]);
  await admin().require("POST", `${w.adminPath}/api-keys/sync`);
  expect([await textsAs(later.key, w), await textsAs(ended.key, w)]).toEqual([401, 401]);
  expect(await textsAs(revoked.key, w)).toEqual(["before"]);

  box.received.length = 0;
  await write("restored");
  await expect.poll(() => box.received.length, { timeout: 10_000 }).toBeGreaterThan(0);
  for (const { headers, body } of box.received) new Webhook(secret).verify(body, headers);
  await stop();

  copyFileSync(join(directory, "secrets.json"), join(elsewhere, "secrets.json"));
  await start(elsewhere);
  expect([await textsAs(w.key, w), await textsAs(revoked.key, w)]).toEqual([["before"], ["before"]]);
  expect([await textsAs(later.key, w), await textsAs(ended.key, w)]).toEqual([401, 401]);
});

function temporaryDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), "backup-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

function inDatabase(dataDirectory: string, ...statements: readonly string[]): void {
  const database = new Database(join(dataDirectory, "data.db"), { timeout: 10_000 });
  for (const sql of statements) database.exec(sql);
  database.close();
}

/** A database of 1 MiB, and a command that may write only files of 128 KiB: the disk seems full to it. */
function tooLarge(dataDirectory: string, args: readonly string[]) {
  inDatabase(dataDirectory, "CREATE TABLE any_table AS SELECT zeroblob(1048576) AS any_column");
  const env = { ...process.env, DATA_DIR: dataDirectory };
  const script = 'ulimit -f 256 && exec "$@"';
  const command = ["-c", script, "sh", process.execPath, "tools/backup.ts", ...args];
  return { command, options: { cwd: ROOT, env, encoding: "utf8" } } as const;
}

it("repeats with --every, keeps only the newest copies and no other files are touched", async () => {
  const [copies, data] = [temporaryDirectory(), temporaryDirectory()];
  inDatabase(data, "CREATE TABLE any_table (any_column)");
  const old = ["copy-20200101T000000Z.db", "copy-20200102T000000Z.db"];
  for (const name of [...old, "copy-other.db", "copy.db"]) writeFileSync(join(copies, name), "");
  const command = ["tools/backup.ts", join(copies, "copy.db"), "--every", "1d", "--keep", "2"];
  const child = spawn(process.execPath, command, { cwd: ROOT, env: { ...process.env, DATA_DIR: data } });
  await vi.waitFor(() => expect(readdirSync(copies)).not.toContain(old[0]), 30_000);
  child.kill();
  const [made] = readdirSync(copies).filter((name) => !old.includes(name) && /Z\.db$/.test(name));
  expect(readdirSync(copies).sort()).toEqual(["copy-20200102T000000Z.db", made, "copy-other.db", "copy.db"]);
});

it("leaves nothing behind and exits with 1 if the copy fails", () => {
  const [copies, data] = [temporaryDirectory(), temporaryDirectory()];
  const { command, options } = tooLarge(data, [join(copies, "copy.db")]);
  const { status, stderr } = spawnSync("sh", command, options);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^Could not copy .*copy\.db: .+\n$/)]);
  expect([readdirSync(copies), readdirSync(data)]).toEqual([[], ["data.db"]]);
});

it("reports a failed copy with --every, deletes its draft, and makes the next copy at its time", async () => {
  const [copies, data] = [temporaryDirectory(), temporaryDirectory()];
  const { command, options } = tooLarge(data, [join(copies, "copy.db"), "--every", "2s"]);
  const child = spawn("sh", command, options);
  onTestFinished(() => void child.kill());
  let reports = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    reports += text;
  });
  await vi.waitFor(() => expect(reports).toMatch(/^Could not copy .+\nCould not copy .+\n/), 30_000);
  expect(readdirSync(copies)).toEqual([]);

  inDatabase(data, "DELETE FROM any_table", "VACUUM");
  await vi.waitFor(() => {
    const names = readdirSync(copies);
    expect(names).toEqual(names.map(() => expect.stringMatching(/^copy-\d{8}T\d{6}Z\.db$/)));
    expect(names).not.toEqual([]);
  }, 30_000);
});

it.each([
  [[], 2, "Usage: npm run backup"],
  [
    ["copy.db", "--every", "soon"],
    2,
    "--every must be a number and s, m, h or d, such as 1h, and at most 24d",
  ],
  [["copy.db", "--every", "25d"], 2, "and at most 24d, not '25d'"],
  [["copy.db", "--keep", "0"], 2, "--keep must be a whole number above 0"],
  [[import.meta.filename], 1, "exists already"],
])("refuses %j", (args, status, message) => {
  const env = { ...process.env, DATA_DIR: elsewhere };
  const ended = spawnSync(process.execPath, ["tools/backup.ts", ...args], {
    cwd: ROOT,
    env,
    encoding: "utf8",
  });
  expect([ended.status, ended.stderr]).toEqual([status, expect.stringContaining(message)]);
});
