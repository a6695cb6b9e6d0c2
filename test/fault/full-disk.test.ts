import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readReadyUrl } from "../../tools/libsql-server/test/support/ready-url.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

/*
 * A database whose files cannot grow. SQLite then ends the transaction by itself in the middle of a batch. Later items
 * would be stored one by one, without the fence and the Idempotency-Key.
 */
const LARGE_TEXT = "x".repeat(99_000);
/** Changing all of them exceeds SQLite's cache, so it writes before the transaction ends. */
const LARGE_RECORDS = 44;
const TOKEN = "full-disk-token";
const ROOM_BYTES = 2_000_000;

let directory = "";
let database: { readonly url: string; readonly child: ChildProcess };
let served: Served;
let w: ServedWorkspace;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "full-disk-"));
  database = await startDatabase();
  served = await serveWorker({ LIBSQL_URL: database.url, LIBSQL_AUTH_TOKEN: TOKEN });
  w = await makeServedWorkspace(served.baseUrl, {
    name: "Doc",
    columns: [
      { name: "code", type: "VARCHAR", unique: true, nullable: false },
      { name: "n", type: "BIGINT" },
      { name: "left", type: "TEXT" },
      { name: "right", type: "TEXT" },
    ],
  });
});
afterAll(async () => {
  await served.stop();
  database.child.kill("SIGTERM");
  await once(database.child, "exit");
  rmSync(directory, { recursive: true, force: true });
});

/** The embedded server. The parent waits for it, to set a limit by its process id. */
async function startDatabase() {
  const file = join(directory, "data.db");
  const args = ["tools/libsql-server/main.ts", "--file", file, "--port", "0", "--auth-token", TOKEN];
  /* A file that cannot grow is an error for the process, like a full disk, not its end. */
  const child = spawn("sh", ["-c", `trap '' XFSZ; exec "$0" "$@"`, process.execPath, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { url: await readReadyUrl(child), child };
}

/** The size limit of each of the database's files, in bytes. */
async function limitFiles(bytes: number | "unlimited"): Promise<void> {
  const pid = String(database.child.pid);
  const [code] = await once(spawn("prlimit", ["--pid", pid, `--fsize=${bytes}:unlimited`]), "exit");
  if (code !== 0) throw new Error(`prlimit ended with ${code}`);
}

async function bulk(method: string, query: string, body: unknown, key?: string) {
  const response = await fetch(`${served.baseUrl}${w.path}/Doc/bulk${query}`, {
    method,
    headers: {
      Authorization: `Bearer ${w.key}`,
      "Content-Type": "application/json",
      ...(key && { "Idempotency-Key": key }),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

it("writes nothing of a bulk request when the disk fills up, and does it once when there is room", async () => {
  for (let start = 0; start < LARGE_RECORDS; start += 4) {
    const records = Array.from({ length: 4 }, (_, i) => {
      return { code: `old${start + i}`, n: 1, left: LARGE_TEXT, right: LARGE_TEXT };
    });
    expect(await bulk("POST", "", records)).toMatchObject({ status: 200, body: { failed: 0 } });
  }
  const before = await w.records("Doc", "code,n");
  await limitFiles(statSync(join(directory, "data.db-wal")).size + ROOM_BYTES);

  const items = [
    ...Array.from({ length: LARGE_RECORDS }, (_, i) => ({ code: `old${i}`, n: 1_000_000_000_000 })),
    ...Array.from({ length: 4 }, (_, i) => ({ code: `new${i}`, n: 2 })),
  ];
  const key = crypto.randomUUID();
  for (const sent of [undefined, key]) {
    const refused = await bulk("PUT", "?upsertBy=code", items, sent);
    expect(refused).toMatchObject({ status: 503, body: { error: { code: "SERVICE_UNAVAILABLE" } } });
    expect(await w.records("Doc", "code,n")).toEqual(before);
  }

  await limitFiles("unlimited");
  expect(await bulk("PUT", "?upsertBy=code", items, key)).toEqual({
    status: 200,
    body: { succeeded: items.length, failed: 0 },
  });
  expect(await bulk("PUT", "?upsertBy=code", items, key)).toMatchObject({ status: 200 });
  expect(await w.records("Doc", "code,n")).toHaveLength(before.length + 4);
});
