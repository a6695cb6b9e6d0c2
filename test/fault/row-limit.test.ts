import { afterAll, beforeAll, expect, it } from "vitest";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { send } from "../support/processes/send.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";
import { startTestDatabase, type TestDatabase } from "../support/processes/test-database.ts";

/* A libSQL server refuses values and rows of more than 5 MB. */

const PARTS = Array.from({ length: 30 }, (_, i) => `part${i}`);
/** 99 kB as stored, twice as much in JSON. */
const LARGE = '"'.repeat(99_000);
/** Three bytes a character: 17 of them are more than a row. */
const DEFAULT = "€".repeat(99_000);
const SENT = { key: "a", part0: DEFAULT, part1: DEFAULT, part2: DEFAULT };
const TOO_LARGE = {
  code: "BAD_REQUEST",
  message: expect.stringContaining("larger than the database allows"),
};

let database: TestDatabase;
let served: Served;
let w: ServedWorkspace;

beforeAll(async () => {
  database = await startTestDatabase();
  served = await serveWorker({
    LIBSQL_URL: database.url,
    ALLOW_HTTP_WEBHOOKS: "true",
    ALLOW_PRIVATE_WEBHOOKS: "true",
  });
  const texts = PARTS.map((name) => ({ name, type: "TEXT" }));
  const columns = [{ name: "n", type: "INTEGER", nullable: false }, ...texts];
  const key = { name: "key", type: "VARCHAR", unique: true };
  const form = { name: "Form", columns: [key, ...texts.slice(0, 3)] };
  w = await makeServedWorkspace(served.baseUrl, { name: "Doc", columns }, form);
  for (const { name, type } of texts.slice(3, 17)) await addDefault(name, type);
});
afterAll(async () => {
  await served.stop();
  await database.stop();
});

const askAdmin = (path: string, body: object) =>
  send(`${served.baseUrl}${w.adminPath}${path}`, { method: "POST", token: ADMIN_TOKEN, body });

async function addDefault(name: string, type: string): Promise<void> {
  const added = await askAdmin("/entities/Form/columns", { name, type, default: DEFAULT });
  expect(added?.status, added?.text.slice(0, 200)).toBe(201);
}

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

it("a record that is larger than a row is refused, however it is written, and nothing of it is stored", async () => {
  const operations = [{ method: "POST", entity: "Form", body: SENT }];
  const keyed = { "Idempotency-Key": crypto.randomUUID() };
  for (const [path, body, headers] of [
    ["/Form", SENT, {}],
    ["/Form?fields=id", SENT, {}],
    ["/Form", SENT, keyed],
    ["/Form", SENT, keyed],
    ["/Form/bulk?atomic=true", [SENT], {}],
    ["/transaction", { operations }, {}],
  ] as const) {
    expect(await ask("POST", path, body, headers), path).toMatchObject({
      status: 400,
      body: { error: TOO_LARGE },
    });
  }
  const bulk = await ask("POST", "/Form/bulk", [SENT]);
  expect(bulk).toMatchObject({
    status: 200,
    body: { succeeded: 0, failed: 1, errors: [{ error: TOO_LARGE }] },
  });
  expect(await ask("POST", "/Form/bulk", [{ key: "b" }])).toMatchObject({ body: { succeeded: 1 } });
  const upsert = await ask("PUT", "/Form/bulk?upsertBy=key", [SENT]);
  expect(upsert).toMatchObject({ body: { failed: 1, errors: [{ error: TOO_LARGE }] } });
  expect(await w.records("Form", "id")).toHaveLength(1);
});

it("a record whose event is larger than a row can be changed and deleted", async () => {
  const id = await makeLarge();
  const events = ["record.updated", "record.deleted"];
  const body = { name: "hook", url: `${served.baseUrl}/healthz`, events, entities: ["Doc"] };
  const hook = await askAdmin("/webhooks", body);
  expect(hook?.status).toBe(201);
  for (const [i, headers] of [{}, { "Idempotency-Key": crypto.randomUUID() }].entries()) {
    const changed = await ask("PATCH", `/Doc/${id}?fields=n`, { n: i }, headers);
    expect(changed).toEqual({ status: 200, body: { data: { n: i } } });
  }
  expect(await ask("PUT", "/Doc/bulk", [{ id, n: 7 }])).toMatchObject({ body: { succeeded: 1 } });
  expect((await ask("DELETE", `/Doc/${id}`)).status).toBe(204);
});

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
