import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LibsqlServer, startLibsqlServer } from "../../tools/libsql-server/start-libsql-server.ts";
import { send } from "../support/processes/send.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

/* A database that refuses values of more than 5 MB, as libSQL server does. */

const MAX_VALUE_BYTES = 5_000_000;
const PARTS = Array.from({ length: 20 }, (_, i) => `part${i}`);
/** Three bytes a character: 297 kB. */
const LARGE = "€".repeat(99_000);

let directory = "";
let database: LibsqlServer;
let served: Served;
let w: ServedWorkspace;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "row-limit-"));
  const file = join(directory, "data.db");
  database = await startLibsqlServer({ file, maxValueBytes: MAX_VALUE_BYTES });
  served = await serveWorker({ LIBSQL_URL: database.url });
  const texts = PARTS.map((name) => ({ name, type: "TEXT" }));
  const columns = [{ name: "n", type: "INTEGER", nullable: false }, ...texts];
  w = await makeServedWorkspace(served.baseUrl, { name: "Doc", columns });
});
afterAll(async () => {
  await served.stop();
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: unknown, headers = {}) {
  const answer = await send(`${served.baseUrl}${w.path}${path}`, { method, token: w.key, body, headers });
  if (!answer) throw new Error(`${method} ${path} was not answered`);
  return { status: answer.status, body: answer.text === "" ? undefined : JSON.parse(answer.text) };
}

/** A record that no response can hold, made of parts that each fit a request. */
async function makeLarge(): Promise<number> {
  const created = await ask("POST", "/Doc", { n: 1 });
  for (const part of PARTS) {
    const path = `/Doc/${created.body.data.id}?fields=id`;
    expect((await ask("PATCH", path, { [part]: LARGE })).status).toBe(200);
  }
  return created.body.data.id;
}

it("a record that is too large for a response is 400, and can be read, changed and deleted with fewer fields", async () => {
  const id = await makeLarge();
  expect(await ask("GET", `/Doc/${id}`)).toMatchObject({
    status: 400,
    body: { error: { code: "BAD_REQUEST", message: expect.stringContaining("too large") } },
  });
  expect((await ask("GET", `/Doc/${id}?fields=n,part0`)).body.data.part0).toHaveLength(LARGE.length);
  expect((await ask("GET", "/Doc?fields=n")).status).toBe(200);
  const changed = await ask("PATCH", `/Doc/${id}?fields=n`, { n: 2 });
  expect([changed.status, changed.body.data.n]).toEqual([200, 2]);
  expect((await ask("DELETE", `/Doc/${id}`)).status).toBe(204);
});

it("a bulk request whose kept answer would be too large is done or refused, and never in between", async () => {
  const records = Array.from({ length: 9 }, () => ({ n: 1, part0: "y".repeat(99_000) }));
  const ids: number[] = [];
  for (let i = 0; i < 7; i++) {
    const kept = { Prefer: "return=representation" };
    const created = await ask("POST", "/Doc/bulk", records, kept);
    ids.push(...created.body.data.map(({ id }: { id: number }) => id));
  }
  const changes = ids.map((id) => ({ id, n: 2 }));
  const headers = { Prefer: "return=representation", "Idempotency-Key": crypto.randomUUID() };
  const { status, body } = await ask("PUT", "/Doc/bulk", changes, headers);
  expect([200, 400], JSON.stringify(body).slice(0, 300)).toContain(status);
  const stored = await w.records("Doc", "id,n");
  expect(new Set(stored.map(({ n }) => n))).toEqual(new Set([status === 200 ? 2 : 1]));
});
