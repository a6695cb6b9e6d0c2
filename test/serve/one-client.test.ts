import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { findFreePort, type ServeProcess, startServe } from "../support/processes/serve-process.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";

/* A client stays one client to the server, however it spells its credential and its path. */

const RECORDS = 100_000;
const TOKENS = Array.from({ length: 20 }, (_, i) => `-${i}-`);
const TEXT = "a".repeat(1_000) + TOKENS.join("");
/** Each condition searches a whole text, and only the last one fails. */
const HEAVY = [...TOKENS, "absent"].map((token) => `filter[text.ilike]=${token}`).join("&");
/** Takes a fraction of a second, so that no write waits until its time is over. */
const SLOW = "filter[text.ilike]=absent";

let directory = "";
let server: ServeProcess;
let attacked: ServedWorkspace;
let quiet: ServedWorkspace;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "one-client-"));
  server = startServe(directory, await findFreePort(), { ADMIN_TOKEN, READERS: "2", SYNC: "normal" });
  await server.waitFor("Ready on ");
  const note = { name: "Note", columns: [{ name: "text", type: "TEXT" }] };
  attacked = await makeServedWorkspace(server.baseUrl, note);
  quiet = await makeServedWorkspace(server.baseUrl, note);
  for (const { path, key, adminPath } of [attacked, quiet]) {
    await createApiClient(server.baseUrl, key).require("POST", `${path}/Note`, { text: "short" });
    await createApiClient(server.baseUrl, ADMIN_TOKEN).require("POST", `${adminPath}/roles`, {
      name: "anonymous",
      permission: "READ_ONLY",
      scopes: null,
    });
  }
  const database = new Database(join(directory, "data.db"), { timeout: 10_000 });
  database.exec(`INSERT INTO w1_notes (text, _version) WITH RECURSIVE n(i) AS
    (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${RECORDS}) SELECT '${TEXT}', 1 FROM n`);
  database.close();
});
afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.exited;
  rmSync(directory, { recursive: true, force: true });
});

/** The workspace's path, spelled in a way of its own for each number. */
function spelled({ path }: ServedWorkspace, i: number): string {
  const last = path.slice(-HIDDEN);
  const characters = [...last].map((character, bit) => ((i >> bit) & 1 ? encoded(character) : character));
  return path.slice(0, -HIDDEN) + characters.join("");
}

/** Characters at the end of a path of which some are encoded: `/w` and a part of the organization's name. */
const HIDDEN = 7;
const encoded = (character: string) =>
  character === "/" ? character : `%${character.charCodeAt(0).toString(16)}`;

const SCHEMES = ["Bearer ", "bearer ", "BEARER ", "Bearer  "];

interface Sending {
  readonly method?: string;
  readonly authorization?: string;
  readonly body?: object;
  readonly signal?: AbortSignal;
}

async function send(path: string, { authorization, body, ...sending }: Sending): Promise<number> {
  const headers = {
    ...(authorization && { authorization }),
    ...(body && { "content-type": "application/json" }),
  };
  const response = await fetch(server.baseUrl + path, {
    ...sending,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response.status;
}

interface Small {
  readonly count: number;
  readonly small: () => Promise<number>;
}

/** Sends heavy requests together. Returns how many have their response before a few small ones of another client. */
async function heavyBefore(
  heavy: readonly ((signal: AbortSignal) => Promise<number>)[],
  { count, small }: Small,
): Promise<number> {
  const over = new AbortController();
  let done = 0;
  const all = heavy.map((request) => request(over.signal).then(() => done++));
  for (let i = 0; i < count; i++) expect(await small()).toBe(200);
  over.abort();
  await Promise.allSettled(all);
  return done;
}

it("does not take a key for several because its requests spell it in several ways", async () => {
  const heavy = SCHEMES.map((scheme, i) => (signal: AbortSignal) => {
    const path = `${spelled(attacked, i)}/Note?${HEAVY}&count=none`;
    return send(path, { authorization: scheme + attacked.key, signal });
  });
  const small = () => send(`${quiet.path}/Note?sort=text`, { authorization: `Bearer ${quiet.key}` });
  expect(await heavyBefore(heavy, { count: 10, small })).toBeLessThanOrEqual(1);
});

it("does not take anonymous clients of several workspaces for one", async () => {
  const path = `${attacked.path}/Note?${HEAVY}&count=none`;
  const heavy = SCHEMES.map(() => (signal: AbortSignal) => send(path, { signal }));
  const small = () => send(`${quiet.path}/Note?sort=text`, {});
  expect(await heavyBefore(heavy, { count: 10, small })).toBeLessThanOrEqual(1);
});

it("serves the writes of a workspace in one lane, however its path is spelled", async () => {
  const heavy = Array.from({ length: 12 }, (_, i) => (signal: AbortSignal) => {
    const path = `${spelled(attacked, i)}/Note?${SLOW}&maxAffected=1`;
    const body = { text: "x" };
    return send(path, { method: "PATCH", authorization: `Bearer ${attacked.key}`, body, signal });
  });
  const small = () =>
    send(`${quiet.path}/Note/1`, {
      method: "PATCH",
      authorization: `Bearer ${quiet.key}`,
      body: { text: "y" },
    });
  /* Each small write waits for at most two: the one that runs, and the next of the other lane. */
  expect(await heavyBefore(heavy, { count: 2, small })).toBeLessThan(heavy.length / 2);
});
