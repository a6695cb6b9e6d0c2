import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migrateDatabase } from "../../tools/migrate.ts";
import { type Database, startDatabase } from "../../tools/runtime/database.ts";
import { type ApiClient, createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "./support/counter-workspace.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "./support/served-workspace.ts";

/*
 * Two Workers with caches and a KV of their own, on one database: what one of them has answered to an admin, no request
 * that starts later contradicts at either. ROUNDS is the number of changes of each kind.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 12);
const CLIENTS = 32;

let directory = "";
let database: Database;
let served: readonly [Served, Served];
let w: ServedWorkspace;
let admin: ApiClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "linearizability-"));
  database = await startDatabase(join(directory, "data.db"), console.error);
  await migrateDatabase(database);
  const variables = {
    LIBSQL_URL: database.url,
    LIBSQL_AUTH_TOKEN: database.authToken,
    LOG_REQUESTS: "false",
    CLIENT_ADDRESS_HEADER: "X-Address",
  };
  served = [await serveWorker(variables), await serveWorker(variables)];
  admin = createApiClient(served[0].baseUrl, ADMIN_TOKEN);
  w = await makeServedWorkspace(served[0].baseUrl, {
    name: "Note",
    columns: [{ name: "text", type: "VARCHAR" }],
  });
  await syncKeys();
});
afterAll(async () => {
  for (const server of served) await server.stop();
  await database.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** The other Worker's KV is brought in line, so that only its memory can be behind. */
async function syncKeys(): Promise<void> {
  const other = createApiClient(served[1].baseUrl, ADMIN_TOKEN);
  await other.require("POST", `${w.adminPath}/api-keys/sync`);
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

/** What must hold of every answer to a request that starts while this is the current state. */
interface State {
  readonly token: string;
  readonly method: "GET" | "POST";
  readonly body?: object;
  holds(answer: Answered): boolean;
}

/** Clients that send what the state says, for as long as `work` changes it. Requests that saw a change are not judged. */
async function hammer(
  first: State,
  work: (change: (to: State, by: () => Promise<unknown>) => Promise<void>) => Promise<void>,
) {
  let state: State | undefined = first;
  let latest = first;
  let isDone = false;
  let judged = 0;
  const wrong: string[] = [];

  async function client(id: number): Promise<void> {
    const { baseUrl } = served[id % 2 === 0 ? 0 : 1];
    while (!isDone) {
      const [atStart, sent] = [state, latest];
      const answer = await send(baseUrl, sent);
      if (!atStart || atStart !== state) continue;
      judged++;
      if (!atStart.holds(answer)) wrong.push(`${sent.method} at ${baseUrl}: ${answer.status} ${answer.text}`);
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, id) => client(id));
  try {
    await work(async (to, by) => {
      state = undefined;
      await by();
      latest = to;
      state = to;
      const enough = judged + CLIENTS;
      while (judged < enough) await send(served[1].baseUrl, to);
    });
  } finally {
    isDone = true;
    await Promise.all(clients);
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(judged).toBeGreaterThan(CLIENTS * ROUNDS);
}

async function send(baseUrl: string, { token, method, body }: State): Promise<Answered> {
  const response = await fetch(`${baseUrl}${w.path}/Note`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
      "X-Address": newAddress(),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

const reading = (token: string, status: number): State => ({
  token,
  method: "GET",
  holds: (answer) => answer.status === status,
});
const writing = (status: number): State => ({
  token: w.key,
  method: "POST",
  body: {},
  holds: (answer) => answer.status === status,
});

let addresses = 0;
/** A new one each time: an address may ask only so often with a key that has ended. */
const newAddress = () => `2001:db8::${(++addresses).toString(16).replace(/(?=.{4}$)/, ":")}`;

interface Key {
  readonly id: string;
  readonly key: string;
}
const makeKey = async () => {
  const body = { name: "k", permission: "READ_WRITE" };
  const made = (await admin.require("POST", `${w.adminPath}/api-keys`, body)) as Key;
  await syncKeys();
  return made;
};
const setMode = (accessMode: string) => admin.require("PATCH", w.adminPath, { accessMode });

it("a switch of the access mode", { timeout: 600_000 }, async () => {
  await hammer(writing(201), async (change) => {
    for (let round = 0; round < ROUNDS; round++) {
      await change(writing(409), () => setMode("READ_ONLY"));
      await change(writing(201), () => setMode("ACTIVE"));
    }
  });
});

it("a revocation", { timeout: 600_000 }, async () => {
  let { id, key } = await makeKey();
  await hammer(reading(key, 200), async (change) => {
    for (let round = 0; round < ROUNDS; round++) {
      await change(reading(key, 401), () => admin.require("DELETE", `${w.adminPath}/api-keys/${id}`));
      ({ id, key } = await makeKey());
      await change(reading(key, 200), async () => undefined);
    }
  });
});

it("a rotation without grace, at which the old secret ends and the new one begins", {
  timeout: 600_000,
}, async () => {
  let { id, key } = await makeKey();
  await hammer(reading(key, 200), async (change) => {
    for (let round = 0; round < ROUNDS; round++) {
      const old = key;
      await change(reading(old, 401), async () => {
        const rotated = await admin.require("POST", `${w.adminPath}/api-keys/${id}/rotate`, {});
        ({ id, key } = rotated as Key);
      });
      await syncKeys();
      await change(reading(key, 200), async () => undefined);
    }
  });
});

it("a narrowing of scopes, and their widening", { timeout: 600_000 }, async () => {
  const { id, key } = await makeKey();
  const setScopes = (operations: readonly string[]) =>
    admin.require("PATCH", `${w.adminPath}/api-keys/${id}`, { scopes: [{ entity: "Note", operations }] });
  await hammer(reading(key, 200), async (change) => {
    for (let round = 0; round < ROUNDS; round++) {
      await change(reading(key, 403), () => setScopes(["create"]));
      await change(reading(key, 200), () => setScopes(["read"]));
    }
  });
});

it("a rename of a column", { timeout: 600_000 }, async () => {
  const naming = (name: string): State => ({
    token: w.key,
    method: "POST",
    body: { [name]: "x" },
    holds: ({ status, text }) => status === 201 && text.includes(`"${name}":"x"`),
  });
  await hammer(naming("text"), async (change) => {
    const rename = (from: string, to: string) =>
      change(naming(to), () =>
        admin.require("PATCH", `${w.adminPath}/entities/Note/columns/${from}`, { name: to }),
      );
    for (let round = 0; round < ROUNDS; round++) {
      await rename("text", "words");
      await rename("words", "text");
    }
  });
});
