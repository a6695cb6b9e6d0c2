import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { openServices } from "../../src/http/context.ts";
import { sha256Hex } from "../../src/lib/hashing.ts";
import type { Database } from "../../src/libsql/database.ts";
import type { WorkspaceContext } from "../../src/services/context.ts";
import { bulkWrite } from "../../src/services/records/bulk-write.ts";
import { createRecord } from "../../src/services/records/create-record.ts";
import { deleteRecord } from "../../src/services/records/delete-record.ts";
import { runTransaction } from "../../src/services/records/run-transaction.ts";
import { updateRecord } from "../../src/services/records/update-record.ts";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* If the database refuses a write, a second request asks why. Here something changes in between. */

const seat = {
  name: "Seat",
  columns: [
    { name: "room", type: "VARCHAR" },
    { name: "place", type: "INTEGER" },
    { name: "guestId", references: { entity: "Guest", relationship: "guest", onDelete: "RESTRICT" } },
  ],
  constraints: [{ type: "UNIQUE_COMPOSITE", fields: ["room", "place"] }],
};
const guest = { name: "Guest", columns: [{ name: "name", type: "VARCHAR" }] };
/** Has the columns of a seat. */
const secret = {
  name: "Secret",
  columns: [
    { name: "room", type: "VARCHAR" },
    { name: "place", type: "INTEGER" },
    { name: "guestId", type: "INTEGER" },
  ],
};

async function makeTheatre(): Promise<TestWorkspace> {
  const w = await makeWorkspace(guest, seat, secret);
  expectStatus(await w.api("POST", "/Guest", { body: { name: "Ada" } }), 201);
  for (const place of [1, 2])
    expectStatus(await w.api("POST", "/Seat", { body: { room: "A", place, guestId: 1 } }), 201);
  expectStatus(await w.api("POST", "/Secret", { body: { room: "HIDDEN", place: 7 } }), 201);
  return w;
}

const rename = async (w: TestWorkspace, entity: string, tableName: string) =>
  expectStatus(await w.admin("PATCH", `/entities/${entity}`, { body: { tableName } }), 200);

/** Another entity takes the table's name. */
async function swapTables(w: TestWorkspace): Promise<void> {
  await rename(w, "Seat", "former_seats");
  await rename(w, "Secret", "seats");
}

/** Sends a request with the workspace's key. `between` runs after its first database request. */
async function interrupt(w: TestWorkspace, between: () => Promise<unknown>): Promise<WorkspaceContext> {
  const services = openServices(env, "test");
  const { database } = services;
  let isFirst = true;
  const then = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      if (isFirst) {
        isFirst = false;
        await between();
      }
    }
  };
  const interrupted: Database = {
    waitedMs: 0,
    readLength: 0,
    run: (statement) => then(database.run(statement)),
    read: (statements) => then(database.read(statements)),
    write: (statements, timeoutMs) => then(database.write(statements, timeoutMs)),
    writeEach: (guards, items) => then(database.writeEach(guards, items)),
  };
  const secretHash = await sha256Hex(w.key);
  const key = await services.apiKeys.find(secretHash);
  if (!key) throw new Error("the key is not known");
  const address = { organization: w.organization, workspace: w.workspace };
  return { ...services, database: interrupted, actor: { kind: "KEY", secretHash, key }, address };
}

const query = () => new URLSearchParams();
const sending = (entity: string, body: object) => ({ entity, query, body: () => ({ ...body }) });

it.each([
  ["a single create", (ctx: WorkspaceContext) => createRecord(ctx, sending("Seat", { guestId: 99 }))],
  [
    "a transaction",
    (ctx: WorkspaceContext) =>
      runTransaction(ctx, {
        query,
        body: () => ({ operations: [{ method: "POST", entity: "Seat", body: { guestId: 99 } }] }),
      }),
  ],
])("%s names a missing reference by the schema of now", async (_, write) => {
  const w = await makeTheatre();
  const ctx = await interrupt(w, () => rename(w, "Guest", "visitors"));
  await expect(write(ctx)).rejects.toMatchObject({
    code: "FOREIGN_KEY_VIOLATION",
    message: expect.stringContaining("guest_id '99' does not exist in visitors"),
  });
});

it("an update that breaks a unique combination never reveals values of another entity", async () => {
  const w = await makeTheatre();
  const ctx = await interrupt(w, () => swapTables(w));
  await expect(updateRecord(ctx, { ...sending("Seat", { place: 2 }), id: "1" })).rejects.toMatchObject({
    code: "UNIQUE_CONSTRAINT_VIOLATION",
    message: "A record with room 'A' and place '2' already exists",
  });
});

it("a delete names the records that block it by the current schema", async () => {
  const w = await makeTheatre();
  const ctx = await interrupt(w, () => rename(w, "Seat", "places"));
  await expect(deleteRecord(ctx, { entity: "Guest", query, id: "1" })).rejects.toMatchObject({
    code: "FOREIGN_KEY_VIOLATION",
    message: "Record 1 is still referenced by places.guest_id",
  });
});

it("a refused write tells a key that was revoked meanwhile nothing but 401", async () => {
  const w = await makeTheatre();
  const ctx = await interrupt(w, () => w.admin("DELETE", `/api-keys/${w.keyId}`));
  await expect(createRecord(ctx, sending("Seat", { guestId: 99 }))).rejects.toMatchObject({
    code: "UNAUTHORIZED",
  });
});

it.each([
  ["the schema changes", (w: TestWorkspace) => swapTables(w)],
  ["a table gets another name", (w: TestWorkspace) => rename(w, "Guest", "visitors")],
  ["the key is revoked", (w: TestWorkspace) => w.admin("DELETE", `/api-keys/${w.keyId}`)],
])("a bulk update that has committed answers from what it knows when %s", async (_, change) => {
  const w = await makeTheatre();
  const ctx = await interrupt(w, () => change(w));
  const items = [
    { id: 1, place: 5 },
    { id: 1, guestId: 99 },
    { id: 1, room: "A", place: 2 },
    { id: 2, place: 5 },
  ];
  const answer = await bulkWrite(ctx, {
    entity: "Seat",
    action: "UPDATE",
    query,
    body: () => items,
    isReturning: false,
  });
  expect(answer).toMatchObject({
    succeeded: 1,
    failed: 3,
    errors: [
      { index: 1, error: { code: "FOREIGN_KEY_VIOLATION" } },
      { index: 2, error: { message: "A record with room 'A' and place '2' already exists" } },
      { index: 3, error: { code: "UNIQUE_CONSTRAINT_VIOLATION" } },
    ],
  });
  expect(JSON.stringify(answer)).not.toContain("HIDDEN");
});
