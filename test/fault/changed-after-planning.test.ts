import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { type BehindProxy, serveBehindProxy } from "../support/processes/behind-proxy.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type ServedWorkspace,
  writeLease,
} from "../support/processes/served-workspace.ts";

/* A write of one record whose plan is out of date when the database gets it. */

const LATE = "late";
const note = {
  name: "Note",
  columns: [
    { name: "text", type: "VARCHAR" },
    { name: "size", type: "INTEGER" },
  ],
};

let served: BehindProxy;
let w: ServedWorkspace;
let etag: string;
/** The change that happens before the database sees a round trip of the request, counted from 1. */
let meanwhile: (roundTrip: number) => Promise<unknown>;
let roundTrips = 0;

beforeAll(async () => {
  served = await serveBehindProxy(async ({ requestId }) => {
    if (requestId === LATE) await meanwhile(++roundTrips);
    return "PASS" as const;
  });
});
afterAll(() => served.stop());
beforeEach(async () => {
  w = await makeServedWorkspace(served.baseUrl, note);
  expect((await send("POST", "/Note", { text: "one", size: 1 })).status).toBe(201);
  etag = (await send("GET", "/Note/1")).etag ?? "";
});

async function send(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(served.baseUrl + w.path + path, {
    method,
    headers: { Authorization: `Bearer ${w.key}`, "Content-Type": "application/json", ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, body: answer, etag: response.headers.get("ETag") };
}

/** Sends the request so that its first statement comes after `change`. */
async function sendLate(change: () => Promise<unknown>, ...[method, path, body]: Parameters<typeof send>) {
  return sendWhile(async (roundTrip) => roundTrip === 1 && (await change()), method, path, body);
}

async function sendWhile(events: typeof meanwhile, ...[method, path, body]: Parameters<typeof send>) {
  roundTrips = 0;
  meanwhile = events;
  const condition = method === "POST" ? {} : { "If-Match": etag };
  const answer = await send(method, path, body, { "X-Request-Id": LATE, ...condition });
  return { status: answer.status, error: answer.body?.error, data: answer.body?.data };
}

const admin = (method: string, path: string, body?: object) =>
  createApiClient(served.baseUrl, ADMIN_TOKEN).require(method, w.adminPath + path, body);
async function keyPath(): Promise<string> {
  const [{ id }] = (await admin("GET", "/api-keys")) as [{ id: string }];
  return `/api-keys/${id}`;
}
const revokeKey = async () => admin("DELETE", await keyPath());
/** The lease of a running schema change that ends after so many seconds. */
const setLease = (seconds: number) => writeLease(served.databaseUrl, w, seconds);

const writes = [
  ["POST", "/Note", { text: "two" }],
  ["PUT", "/Note/1", { text: "two" }],
  ["DELETE", "/Note/1", undefined],
] as const;

describe.each(writes)("%s %s", (method, path, body) => {
  const isUntouched = async () => {
    const records = await w.records("Note");
    expect(records).toEqual([expect.objectContaining({ id: 1, size: 1 })]);
  };

  it("is refused by a key that was revoked", async () => {
    expect(await sendLate(revokeKey, method, path, body)).toMatchObject({
      status: 401,
      error: { code: "UNAUTHORIZED", message: "Invalid API key" },
    });
    const { key } = (await admin("POST", "/api-keys", { name: "new", permission: "READ_WRITE" })) as {
      key: string;
    };
    w = { ...w, key };
    expect((await send("GET", "/Note/1")).body.data).toEqual({ id: 1, text: "one", size: 1 });
    expect((await send("GET", "/Note/2")).status).toBe(404);
  });

  it("is refused by a workspace that only reads", async () => {
    const change = () => admin("PATCH", "", { accessMode: "READ_ONLY" });
    expect(await sendLate(change, method, path, body)).toMatchObject({
      status: 409,
      error: { code: "WORKSPACE_STATUS" },
    });
    await isUntouched();
  });

  it.each([
    [
      { permission: "READ_ONLY" },
      "This API key has READ_ONLY permissions — data modifications are not allowed",
    ],
    [{ allowedIps: ["192.0.2.1"] }, "This API key is not allowed from this address"],
  ])(
    "is refused by a key that may it no more, %j, before the workspace is looked at",
    async (limit, message) => {
      const answer = await sendLate(
        async () => {
          await admin("PATCH", await keyPath(), limit);
          await admin("PATCH", "", { accessMode: "READ_ONLY" });
        },
        method,
        path,
        body,
      );
      expect(answer).toMatchObject({ status: 403, error: { code: "FORBIDDEN", message } });
    },
  );

  it("waits for a short schema change, longer with each attempt", async () => {
    const LAST_TRY = 7;
    const start = performance.now();
    const answer = await sendWhile(
      async (roundTrip) => {
        if (roundTrip === 1) await setLease(30);
        if (roundTrip === LAST_TRY) await setLease(-1);
      },
      method,
      path,
      body,
    );
    expect(answer.status).toBe({ POST: 201, PUT: 200, DELETE: 204 }[method]);
    expect([roundTrips, performance.now() - start > 300]).toEqual([LAST_TRY, true]);
  });

  it("is refused during a longer schema change, and not done", async () => {
    const answer = await sendLate(() => setLease(30), method, path, body);
    expect(answer).toMatchObject({ status: 503, error: { code: "SCHEMA_MIGRATION_IN_PROGRESS" } });
    await isUntouched();
  });

  it("finds no entity that was dropped", async () => {
    const change = () => admin("DELETE", "/entities/Note?confirm=Note");
    expect(await sendLate(change, method, path, body)).toMatchObject({
      status: 404,
      error: { message: "Entity not found: Note" },
    });
  });

  it("does not know a dropped column", async () => {
    const change = () => admin("DELETE", "/entities/Note/columns/text?confirm=text");
    const answer = await sendLate(change, method, path, body);
    /* The record's shape has changed, and so has its tag. */
    const expected = { POST: 422, PUT: 422, DELETE: 412 }[method];
    expect(answer.status).toBe(expected);
    await isUntouched();
  });

  it("is done with the new schema", async () => {
    const change = () => admin("PATCH", "", { name: "Another" });
    const { status, data } = await sendLate(change, method, path, body);
    expect(status).toBe({ POST: 201, PUT: 200, DELETE: 204 }[method]);
    const text = { POST: { id: 2, text: "two", size: null }, PUT: { id: 1, text: "two", size: 1 } };
    expect(data).toEqual(method === "DELETE" ? undefined : text[method]);
    expect(roundTrips).toBeGreaterThan(1);
  });
});

it("a deleted record is not found, and a written one has another version", async () => {
  const change = () => send("PUT", "/Note/1", { size: 2 });
  expect(await sendLate(change, "PUT", "/Note/1", { text: "two" })).toMatchObject({ status: 412 });
  expect(roundTrips).toBe(2);
  expect(await sendLate(change, "DELETE", "/Note/1")).toMatchObject({ status: 412 });
  expect((await send("GET", "/Note/1")).body.data).toEqual({ id: 1, text: "one", size: 2 });
  const remove = () => send("DELETE", "/Note/1");
  expect(await sendLate(remove, "PUT", "/Note/1", { text: "two" })).toMatchObject({ status: 404 });
  expect(roundTrips).toBe(2);
  expect(await sendLate(remove, "DELETE", "/Note/1")).toMatchObject({ status: 404 });
});
