import { expect, it } from "vitest";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * A write of one record is one statement with its own fence. With an Idempotency-Key it is a transaction behind a
 * fence. Both must give the same responses, whatever the request and the state.
 */

const team = {
  name: "Team",
  columns: [
    { name: "name", type: "VARCHAR", nullable: false, unique: true },
    { name: "size", type: "INTEGER", default: 1, constraints: [{ type: "MIN", value: 0 }] },
  ],
};
const person = {
  name: "Person",
  columns: [
    { name: "email", type: "VARCHAR", nullable: false, unique: true },
    { name: "starts", type: "DATE" },
    { name: "ends", type: "DATE" },
    { name: "teamId", references: { entity: "Team", relationship: "team", onDelete: "RESTRICT" } },
    { name: "bossId", references: { entity: "Person", relationship: "boss", onDelete: "SET_NULL" } },
  ],
  constraints: [{ type: "FIELD_LESS_THAN_OR_EQUAL", field: "starts", otherField: "ends" }],
};
const badge = {
  name: "Badge",
  idType: "UUID",
  columns: [
    { name: "code", type: "VARCHAR" },
    { name: "marker", columnName: "IS_ABSENT", type: "VARCHAR", unique: true },
    { name: "barrier", columnName: "IS_FENCE", type: "VARCHAR", unique: true },
    { name: "personId", references: { entity: "Person", relationship: "person", onDelete: "CASCADE" } },
  ],
};
const BADGE = "0190a0b0-1234-7abc-8def-0123456789ab";
const OTHER_BADGE = "0190a0b0-1234-7abc-8def-0123456789ac";

type Call = readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>];

const CALLS: readonly Call[] = [
  ["POST", "/Team", { name: "Red" }],
  ["POST", "/Team", { name: "Blue", size: 3 }],
  ["POST", "/Team", { name: "Red" }],
  ["POST", "/Team", { name: "Green", size: -1 }],
  ["POST", "/Team", {}],
  ["POST", "/Nothing", { name: "Red" }],
  ["POST", "/Person", { email: "a@x", teamId: 1, starts: "2026-01-01", ends: "2026-02-01" }],
  ["POST", "/Person", { email: "b@x", teamId: 1, bossId: 1 }],
  ["POST", "/Person", { email: "c@x", teamId: 99 }],
  ["POST", "/Person", { email: "a@x", teamId: 99 }],
  ["POST", "/Person", { id: 1, email: "d@x" }],
  ["POST", "/Person", { email: "e@x", starts: "2026-02-01", ends: "2026-01-01" }],
  ["POST", "/Badge", { id: BADGE, code: "one", personId: 2 }],
  ["POST", "/Badge", { id: BADGE, code: "two" }],
  ["POST", "/Badge", { id: OTHER_BADGE, marker: "m", barrier: "b" }],
  ["POST", "/Badge", { marker: "m" }],
  ["POST", "/Badge", { barrier: "b" }],
  ["PUT", `/Badge/${BADGE}`, { marker: "m" }],
  ["PUT", `/Badge/${BADGE}`, { barrier: "b" }],
  ["PUT", "/Team/1", { size: 5 }],
  ["PATCH", "/Team/1", {}],
  ["PUT", "/Team/1", { name: "Blue" }],
  ["PUT", "/Team/1", { name: null }],
  ["PUT", "/Team/1", { id: 1, size: 6 }],
  ["PUT", "/Team/1", { id: 2, size: 6 }],
  ["PUT", "/Team/99", { size: 6 }],
  ["PUT", "/Team/99", {}],
  ["PUT", "/Team/99", { name: "Blue" }],
  ["PUT", "/Team/x", { size: 6 }],
  ["PUT", "/Team/1", { size: 7 }, { "If-Match": '"1-nothing"' }],
  ["PUT", "/Team/99", { size: 7 }, { "If-Match": '"1-nothing"' }],
  ["PATCH", "/Team/1", {}, { "If-Match": '"1-nothing"' }],
  ["PATCH", "/Team/99", {}, { "If-Match": '"1-nothing"' }],
  ["PUT", "/Team/1", { size: 7 }, { "If-Match": "*" }],
  ["PUT", "/Team/99", { size: 7 }, { "If-Match": "*" }],
  ["PUT", "/Person/1", { ends: "2025-01-01" }],
  ["PUT", "/Person/1", { teamId: 99 }],
  ["PUT", "/Person/1", { teamId: null, bossId: 1 }],
  ["PUT", `/Badge/${BADGE}`, { personId: 1 }],
  ["PUT", `/Badge/${BADGE.toUpperCase()}`, { code: "three" }],
  ["DELETE", "/Team/1"],
  ["DELETE", "/Team/2", undefined, { "If-Match": '"9-nothing"' }],
  ["DELETE", "/Team/2"],
  ["DELETE", "/Team/2"],
  ["DELETE", "/Person/1"],
  ["DELETE", "/Person/x"],
  ["DELETE", `/Badge/${BADGE}`],
  ["DELETE", "/Person/2"],
  ["DELETE", "/Team/1"],
];

/**
 * The visible part of a response, without what differs by chance: the schema's part of an ETag, and a version that is a
 * time.
 */
async function send(w: TestWorkspace, [method, path, body, headers]: Call, key?: string) {
  const sent = { ...headers, ...(key && { "Idempotency-Key": key }) };
  const answer = await w.api(method, path, { headers: sent, ...(body !== undefined && { body }) });
  const version = answer.headers
    .get("ETag")
    ?.split("-")[0]
    ?.replace(/^"\d{16}$/, "a time");
  const location = answer.headers.get("Location")?.replace(w.apiPath, "");
  return { call: [method, path, body], status: answer.status, body: answer.body, version, location };
}

const make = () => makeWorkspace(team, person, badge);
const makePair = () => Promise.all([make(), make()]);

async function expectAlike([single, guarded]: [TestWorkspace, TestWorkspace], calls: readonly Call[]) {
  const statuses: number[] = [];
  for (const call of calls) {
    const answer = await send(single, call);
    expect(await send(guarded, call, crypto.randomUUID())).toEqual(answer);
    statuses.push(answer.status);
  }
  return statuses;
}

it("give the same responses and records as in a transaction", async () => {
  const workspaces = await makePair();
  const statuses = new Set(await expectAlike(workspaces, CALLS));
  expect([...statuses].toSorted()).toEqual([200, 201, 204, 400, 404, 409, 412, 422]);
  await expectAlike(workspaces, [
    ["GET", "/Team"],
    ["GET", "/Person"],
    ["GET", "/Badge"],
  ]);
});

const WRITES: readonly Call[] = [
  ["POST", "/Team", { name: "Gold" }],
  ["POST", "/Team", { name: "Red" }],
  ["PUT", "/Team/1", { size: 8 }],
  ["PUT", "/Team/99", { size: 8 }],
  ["PUT", "/Team/1", { size: -8 }],
  ["PUT", "/Team/1", { size: 8 }, { "If-Match": '"9-nothing"' }],
  ["DELETE", "/Team/99"],
  ["DELETE", "/Team/1"],
];

const STATES: Readonly<Record<string, { change: (w: TestWorkspace) => Promise<unknown>; seen: number[] }>> = {
  "a read-only workspace": {
    change: (w) => w.admin("PATCH", "", { body: { accessMode: "READ_ONLY" } }),
    seen: [409],
  },
  "a revoked key": { change: (w) => w.admin("DELETE", `/api-keys/${w.keyId}`), seen: [401] },
  "a key that may only read": {
    change: (w) => w.admin("PATCH", `/api-keys/${w.keyId}`, { body: { permission: "READ_ONLY" } }),
    seen: [403],
  },
  "a key for other addresses": {
    change: (w) => w.admin("PATCH", `/api-keys/${w.keyId}`, { body: { allowedIps: ["192.0.2.1"] } }),
    seen: [403],
  },
  "an entity that is gone": {
    change: async (w) => {
      await w.admin("DELETE", "/entities/Badge?confirm=Badge");
      await w.admin("DELETE", "/entities/Person?confirm=Person");
      return w.admin("DELETE", "/entities/Team?confirm=Team");
    },
    seen: [404],
  },
  "a column that has another name": {
    change: (w) => w.admin("PATCH", "/entities/Team/columns/size", { body: { name: "count" } }),
    seen: [201, 204, 404, 409, 422],
  },
};

it.each(Object.entries(STATES))("meet %s like a transaction, from the first write on", async (_, state) => {
  const workspaces = await makePair();
  await expectAlike(workspaces, [["POST", "/Team", { name: "Red" }]]);
  for (const w of workspaces) {
    const changed = (await state.change(w)) as { status: number; text: string };
    expect(changed.status, changed.text).toBeLessThan(300);
  }
  const statuses = await expectAlike(workspaces, WRITES);
  expect([...new Set(statuses)].toSorted()).toEqual(state.seen);
});
