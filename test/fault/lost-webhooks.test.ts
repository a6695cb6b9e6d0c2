import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@libsql/client";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Database, startDatabase } from "../../tools/runtime/database.ts";
import {
  childrenOf,
  findFreePort,
  type ServeProcess,
  startServe,
  waitUntilGone,
} from "../support/processes/serve-process.ts";
import { type Receiver, startReceiver } from "../support/processes/webhook-receiver.ts";
import { makeWebhookWorkspace, type WebhookWorkspace } from "../support/processes/webhook-workspace.ts";

/*
 * Writers work while receiver, database and Worker are killed at random. Exactly the changes that were made must be
 * delivered.
 */

const ADMIN_TOKEN = "fault-test-admin-token-of-32-characters";
const ALLOWED = { ALLOW_HTTP_WEBHOOKS: "true", ALLOW_PRIVATE_WEBHOOKS: "true" };
const WRITERS = 6;
const OUTAGES = 9;
/** The lease of a killed Worker expires after 35 s. */
const DRAIN_MS = 90_000;
const DRAIN_STEP_MS = 1_000;
const DATABASE_START_MS = 20_000;
/** The status of a write that the API refuses. */
const REFUSED = -1;

let directory = "";
let port = 0;
let receiverPort = 0;
let database: Database;
let server: ServeProcess;
let receiver: Receiver;
let workspace: WebhookWorkspace;
const received: { readonly headers: Readonly<Record<string, string>>; readonly body: string }[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "webhook-fault-"));
  port = await findFreePort();
  receiverPort = await findFreePort();
  database = await startDatabase(join(directory, "data.db"), () => undefined);
  await Promise.all([startServer(), startReceiving()]);
  workspace = await makeWebhookWorkspace(server.baseUrl, {
    adminToken: ADMIN_TOKEN,
    receiverUrl: `${receiver.url}/all`,
  });
});

afterEach(async () => {
  server.child.kill("SIGTERM");
  await server.exited;
  await receiver.close();
  await database.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function startServer(): Promise<void> {
  const { url: LIBSQL_URL, authToken: LIBSQL_AUTH_TOKEN } = database;
  server = startServe(directory, port, { ADMIN_TOKEN, LIBSQL_URL, LIBSQL_AUTH_TOKEN, ...ALLOWED });
  await server.waitFor(`Ready on http://127.0.0.1:${port}\n`);
}

async function startReceiving(): Promise<void> {
  receiver = await startReceiver(receiverPort);
}

/** Closes the receiver with all of its connections. What it has received by then counts. */
async function stopReceiving(): Promise<void> {
  const { mailbox, close } = receiver;
  await close();
  received.push(...mailbox("all").received);
}

const outages = {
  async receiver() {
    await stopReceiving();
    await sleep(200);
    await startReceiving();
  },
  async errors() {
    receiver.mailbox("all").reactions = [{ status: 500 }, { status: 503 }];
  },
  async database() {
    await killDatabase();
  },
  async worker() {
    await killServer();
  },
  async everything() {
    await killDatabase();
    await killServer();
  },
};

/** Waits for the database if it is still down after the last outage. */
async function killDatabase(): Promise<void> {
  const pid = await vi.waitFor(() => {
    const child = childrenOf(process.pid).find(({ command }) => command.includes("database-child"));
    if (!child) throw new Error("no database process");
    return child.pid;
  }, DATABASE_START_MS);
  process.kill(pid, "SIGKILL");
}

async function killServer(): Promise<void> {
  const pids = [server.child.pid ?? 0, ...childrenOf(server.child.pid).map(({ pid }) => pid)];
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await waitUntilGone(pids);
  await startServer();
}

/**
 * Makes waiting deliveries due, as if time had passed, and writes a record so that the Worker looks. Resolves with the
 * number of deliveries that were unfinished before.
 */
async function hurryDeliveries(): Promise<number> {
  const client = createClient(database);
  try {
    const unfinished = "FROM webhook_deliveries WHERE status = 'PENDING'";
    const { rows } = await client.execute(`SELECT count(*) ${unfinished}`);
    const count = Number(rows[0]?.[0]);
    if (count === 0) return 0;
    await client.execute(
      "UPDATE webhook_deliveries SET next_attempt_at = created_at WHERE status = 'PENDING' AND next_attempt_at IS NOT NULL",
    );
    await workspace.write("POST", "", { value: 0 });
    return count;
  } finally {
    client.close();
  }
}

/** `create 7`, `update 7`, `delete`: the confirmed writes by record. */
const acknowledged = new Map<number, string[]>();

/** A client with one record at a time, which it counts up, sometimes wrongly, and deletes. */
async function runWriter(isDone: () => boolean): Promise<void> {
  let id: number | undefined;
  let value = 0;
  while (!isDone()) {
    if (id === undefined) {
      const answer = await workspace.write("POST", "", { value });
      if (answer?.status !== 201) {
        await sleep(20);
        continue;
      }
      id = (JSON.parse(answer.text) as { data: { id: number } }).data.id;
      acknowledged.set(id, [`create ${value}`]);
      continue;
    }
    value++;
    const isDelete = value % 23 === 0;
    const answer = isDelete
      ? await workspace.write("DELETE", `/${id}`)
      : await workspace.write("PUT", `/${id}`, { value: value % 7 === 0 ? REFUSED : value });
    if (answer?.status === (isDelete ? 204 : 200))
      acknowledged.get(id)?.push(isDelete ? "delete" : `update ${value}`);
    else await sleep(20);
    if (isDelete) id = undefined;
  }
}

interface Change {
  readonly messageId: string;
  readonly type: string;
  readonly record: { readonly value: number } | null;
  readonly previous: { readonly value: number } | null;
}

/** Verified messages by record, in order of arrival, without immediate repetitions. */
function changesByRecord(): ReadonlyMap<number, readonly Change[]> {
  const changes = new Map<number, Change[]>();
  const signatures = new Webhook(workspace.secret);
  for (const { headers, body } of [...received, ...receiver.mailbox("all").received]) {
    const { type, data } = signatures.verify(body, headers) as {
      type: string;
      data: Omit<Change, "type" | "messageId"> & { id: number };
    };
    const own = changes.get(data.id) ?? [];
    changes.set(data.id, own);
    const messageId = headers["webhook-id"] ?? "";
    if (own.at(-1)?.messageId !== messageId) own.push({ messageId, type, ...data });
  }
  return changes;
}

const describeChange = ({ type, record }: Change): string => {
  const verb = type.replace("record.", "").replace(/d$/, "");
  return record ? `${verb} ${record.value}` : verb;
};

it("every acknowledged change is delivered, nothing else is, and each record's come in order", {
  timeout: 240_000,
}, async () => {
  let isDone = false;
  const writers = Array.from({ length: WRITERS }, () => runWriter(() => isDone));
  const kinds = Object.keys(outages) as (keyof typeof outages)[];
  const history: string[] = [];
  for (let i = 0; i < OUTAGES; i++) {
    await sleep(200 + Math.random() * 600);
    // Each kind once, then at random.
    const kind = kinds[i] ?? kinds[Math.floor(Math.random() * kinds.length)] ?? "receiver";
    history.push(kind);
    await outages[kind]();
  }
  isDone = true;
  await Promise.all(writers);
  await expect.poll(hurryDeliveries, { timeout: DRAIN_MS, interval: DRAIN_STEP_MS }).toBe(0);

  const changes = changesByRecord();
  const values = await workspace.values();
  const told = `after ${history.join(", ")}`;
  expect(acknowledged.size, told).toBeGreaterThan(WRITERS);
  for (const [id, own] of changes) {
    const text = `record ${id} ${told}: ${own.map(describeChange).join(", ")}`;
    expect(new Set(own.map(({ messageId }) => messageId)).size, text).toBe(own.length);
    // Each message follows the one before, from the creation to the present record: none missing, none invented.
    expect(
      own.map(({ previous }) => previous?.value),
      text,
    ).toEqual([undefined, ...own.slice(0, -1).map(({ record }) => record?.value)]);
    expect(own.at(-1)?.record?.value, text).toBe(values.get(id));
    expect(
      own.some(({ record }) => record?.value === REFUSED),
      text,
    ).toBe(false);
  }
  expect([...values.keys()].filter((id) => !changes.has(id))).toEqual([]);
  for (const [id, done] of acknowledged) {
    const delivered = (changes.get(id) ?? []).map(describeChange);
    expect(
      done.filter((change) => !delivered.includes(change)),
      `record ${id} ${told}`,
    ).toEqual([]);
  }
});
