import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { findFreePort, type ServeProcess, startServe } from "../support/processes/serve-process.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";

/* Reads that take far longer than the server allows, beside reads that take no time. */

const RECORDS = 200_000;
const READERS = 2;
const HEAVY_STATEMENTS = 8;
/** The record that all replies belong to. */
const PARENT = RECORDS;
const TOKENS = Array.from({ length: 49 }, (_, i) => `-${i}-`);
/** Each condition searches a whole text, and only the last one fails. That takes far more than 15 s. */
const HEAVY = [...TOKENS, "absent"].map((token) => `filter[text.ilike]=${token}`);
const TEXT = "a".repeat(1_000) + TOKENS.join("");

let directory = "";
let server: ServeProcess;
let attacked: ServedWorkspace;
let quiet: ServedWorkspace;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "heavy-"));
  server = startServe(directory, await findFreePort(), {
    ADMIN_TOKEN,
    READERS: String(READERS),
    SYNC: "normal",
  });
  await server.waitFor("Ready on ");
  const note = { name: "Note", columns: [{ name: "text", type: "TEXT" }] };
  const reply = {
    name: "Reply",
    columns: [{ name: "noteId", references: { entity: "Note", onDelete: "CASCADE" } }],
  };
  attacked = await makeServedWorkspace(server.baseUrl, note, reply);
  quiet = await makeServedWorkspace(server.baseUrl, note);
  await createApiClient(server.baseUrl, quiet.key).require("POST", `${quiet.path}/Note`, { text: "quiet" });
  const database = new Database(join(directory, "data.db"), { timeout: 10_000 });
  database.exec(`INSERT INTO w1_notes (text, _version) WITH RECURSIVE n(i) AS
    (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${RECORDS}) SELECT '${TEXT}', 1 FROM n`);
  database.exec(`INSERT INTO w1_replies (note_id, _version) WITH RECURSIVE n(i) AS
    (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${RECORDS}) SELECT ${PARENT}, 1 FROM n`);
  database.close();
});
afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.exited;
  rmSync(directory, { recursive: true, force: true });
});

const get = (path: string, key: string, signal?: AbortSignal) =>
  fetch(server.baseUrl + path, { headers: { authorization: `Bearer ${key}` }, ...(signal && { signal }) });

const heavyPath = () => `${attacked.path}/Note?${HEAVY.join("&")}&count=none`;

it("stops a read after 15 s with 503, while others' records and health checks respond", async () => {
  let isOver = false;
  const heavy = Promise.all(
    Array.from({ length: READERS }, () => get(heavyPath(), attacked.key).then(({ status }) => status)),
  ).finally(() => {
    isOver = true;
  });
  const statuses = new Set<number>();
  let answered = 0;
  while (!isOver) {
    for (const path of [`${quiet.path}/Note/1`, `${attacked.path}/Note/1`, "/healthz"]) {
      const key = path.startsWith(attacked.path) ? attacked.key : quiet.key;
      statuses.add((await get(path, key)).status);
      answered++;
    }
  }
  expect([await heavy, [...statuses]]).toEqual([[503, 503], [200]]);
  expect(answered).toBeGreaterThan(100);
});

it("stops a read whose client has gone, and lets another workspace's list in between", async () => {
  const aborts = Array.from({ length: HEAVY_STATEMENTS }, () => new AbortController());
  const abandoned = aborts.map(({ signal }) => get(heavyPath(), attacked.key, signal).catch(() => "gone"));
  const list = await get(`${quiet.path}/Note?filter[text.ilike]=UI`, quiet.key);
  expect([list.status, (await list.json()).data.length]).toEqual([200, 1]);
  for (const abort of aborts) abort.abort();
  expect(await Promise.all(abandoned)).toEqual(aborts.map(() => "gone"));
  /* If they were not stopped, this would wait for all of them, longer than it may. */
  const own = await get(`${attacked.path}/Note?filter[id.lt]=3&sort=text&count=none`, attacked.key);
  expect(own.status).toBe(200);
});

it("goes on serving others while a delete removes 200,000 records that depend on one", async () => {
  let isOver = false;
  const deleted = fetch(`${server.baseUrl}${attacked.path}/Note/${PARENT}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${attacked.key}` },
  }).finally(() => {
    isOver = true;
  });
  let answered = 0;
  for (; !isOver; answered++) expect((await get(`${quiet.path}/Note/1`, quiet.key)).status).toBe(200);
  expect((await deleted).status).toBe(204);
  expect(answered).toBeGreaterThan(20);
  const left = await get(`${attacked.path}/Reply?size=1`, attacked.key);
  expect((await left.json()).data).toEqual([]);
});
