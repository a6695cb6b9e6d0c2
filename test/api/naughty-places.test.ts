import { beforeAll, expect, it } from "vitest";
import type { OperatorName } from "../../src/query/operators.ts";
import { LIST_PARAMETERS } from "../../src/query/parse/parameters.ts";
import { ask, askAdmin, expectStatus } from "../support/api.ts";
import { catalogueOf } from "../support/catalogue.ts";
import { mcpOf } from "../support/mcp.ts";
import { naughtyTexts } from "../support/naughty-texts.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* The same texts as names, ids, parameters, headers and settings. They must be harmless, whatever the response. */

const note = { name: "Note", columns: [{ name: "text", type: "TEXT", unique: true }] };
const line = {
  name: "Line",
  columns: [{ name: "noteId", references: { entity: "Note", relationship: "note", inverse: "lines" } }],
};

/** A workspace that nothing may change. */
let w: TestWorkspace;
/** A workspace for whatever an admin makes of the texts. */
let v: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(note, line);
  v = await makeWorkspace(note, line);
  for (const each of [w, v]) {
    expectStatus(await each.admin("PATCH", "", { body: { mcpMode: "FULL" } }), 200);
    const { id } = expectStatus(await each.api("POST", "/Note", { body: { text: "kept" } }), 201).body.data;
    expectStatus(await each.api("POST", "/Line", { body: { noteId: id } }), 201);
  }
});

/** With half of a surrogate pair, for which a libSQL server refuses the whole request. */
const TEXTS = [...naughtyTexts, "\ud800"];
const HEADERS = [
  "If-Match",
  "If-None-Match",
  "Idempotency-Key",
  "Prefer",
  "X-Request-Id",
  "Origin",
  "Accept",
];
const OPERATORS = ["startsWith", "like", "in", "between", "isNull"] satisfies readonly OperatorName[];

const get = (path: string, headers = {}) => w.api("GET", path, { headers });

/** Reads and writes of records; none of the writes can succeed. */
const ofRecords = (text: string, encoded: string) => [
  get(`/${encoded}`),
  get(`/Note/${encoded}`),
  ...LIST_PARAMETERS.map((name) => get(`/Note?${name}=${encoded}`)),
  ...OPERATORS.map((operator) => get(`/Note?filter[text.${operator}]=${encoded}`)),
  get(`/Note?filter[${encoded}]=1`),
  get(`/Note?filter[note.${encoded}]=1`),
  get(`/Line?filter[note.text]=${encoded}`),
  get(`/Note?${encoded}=1`),
  get(`/Note/aggregate?measure=${encoded}`),
  get(`/Note/aggregate?measure=count&groupBy=${encoded}`),
  get(`/Note/export?format=${encoded}`),
  ask("GET", `/api/v1/${encoded}/${w.workspace}/Note`, { token: w.key }),
  ask("GET", `/api/v1/${w.organization}/${encoded}/Note`, { token: w.key }),
  w.api("POST", "/Note", { body: { [text]: 1 } }),
  w.api("PUT", `/Note/bulk?upsertBy=${encoded}`, { body: [{ [text]: 1 }] }),
  w.api("DELETE", "/Note/bulk", { body: [text] }),
  w.api("POST", "/Line", { body: { noteId: { $by: { text: `no ${text}` } } } }),
  w.api("POST", "/Line", { body: { noteId: text } }),
  ...[
    { as: text },
    { entity: text },
    { body: { noteId: { $ref: text } } },
    { method: text },
    { [text]: 1 },
  ].map((changed) =>
    w.api("POST", "/transaction", {
      body: { operations: [{ method: "POST", entity: "Line", body: { noteId: 999 }, ...changed }] },
    }),
  ),
];

/** A text that a header cannot contain is sent percent-encoded. */
const ofHeaders = (text: string, encoded: string) =>
  HEADERS.flatMap((name) => {
    const headers = { [name]: /^[\x20-\x7e]*$/.test(text) ? text : encoded };
    return [get("/Note/1", headers), w.api("DELETE", "/Note/999999", { headers })];
  });

const callsWith = (text: string) => [
  { name: text },
  { name: "get", arguments: { entity: text, id: text } },
  { name: "list", arguments: { entity: "Note", sort: [text], filter: { [text]: text } } },
  { name: "list", arguments: { entity: "Note", filter: { text } } },
  { name: "list", arguments: { entity: "Note", cursor: text } },
  { name: "get", arguments: { entity: "Note", by: "text", id: text } },
  { name: "create", arguments: { entity: "Note", record: { [text]: text } } },
];
const ofTools = (text: string) =>
  callsWith(text).map((params) => mcpOf(w).post({ jsonrpc: "2.0", id: 1, method: "tools/call", params }));

const ofAdmin = (text: string, encoded: string) => [
  askAdmin("GET", `/organizations/${encoded}`),
  askAdmin("GET", `/organizations/${v.organization}/workspaces/${encoded}`),
  v.admin("GET", `/audit?action=${encoded}&subject=${encoded}`),
  v.admin("GET", `/audit?from=${encoded}`),
  v.admin("GET", `/entities/${encoded}`),
  v.admin("GET", `/api-keys/${encoded}`),
  v.admin("GET", `/webhooks/${encoded}/deliveries`),
  v.admin("POST", "/api-keys", { body: { name: text, permission: text } }),
  v.admin("POST", "/api-keys", { body: { name: "k", permission: "READ_ONLY", expiresAt: text } }),
  v.admin("POST", "/api-keys", { body: { name: "k", permission: "READ_ONLY", allowedIps: [text] } }),
  v.admin("POST", "/tokens/revoke", { body: { sub: text } }),
  v.admin("POST", "/issuers", {
    body: { name: "i", issuer: `https://i.invalid/${text}`, audience: text, roleClaim: text },
  }),
  v.admin("POST", "/roles", {
    body: {
      name: "r",
      permission: "READ_ONLY",
      scopes: [{ entity: "Note", operations: ["read"], filter: { text } }],
    },
  }),
  askAdmin("POST", "/members", {
    body: { email: `${text}@example.com`, organization: text, role: "VIEWER" },
  }),
  askAdmin("POST", "/admin-keys", { body: { name: "k", organization: text, role: "VIEWER" } }),
  v.admin("POST", "/webhooks", {
    body: { name: "w", url: "https://receiver.invalid/", events: ["record.created"], filter: { text } },
  }),
  v.admin("POST", "/webhooks", { body: { name: text, url: text, events: [text] } }),
  v.admin("PATCH", "", { body: { corsAllowedOrigins: [text] } }),
  v.admin("POST", "/entities", { body: { name: text, columns: [{ name: text, type: "TEXT" }] } }),
  v.admin("POST", "/entities", { body: { name: "X", columns: [{ name: "x", type: text }] } }),
  v.admin("POST", "/entities/Note/columns", {
    body: { name: "added", type: "TEXT", references: { entity: text } },
  }),
];

const contents = async () => {
  const parts = ["/Note/export?format=ndjson", "/Line/export?format=ndjson"].map((path) => get(path));
  return [await catalogueOf(w), (await Promise.all(parts)).map(({ text }) => text)];
};

it.each([
  ["names, ids, parameters and bodies of records", ofRecords],
  ["headers", ofHeaders],
  ["arguments of tools", ofTools],
  ["what an admin names", ofAdmin],
] as const)(
  "naughty strings are harmless as %s, and leave catalogue and records as they are",
  {
    timeout: 240_000,
  },
  async (_, requestsWith) => {
    const before = await contents();
    for (const text of TEXTS) {
      const encoded = encodeURIComponent(text.toWellFormed());
      for (const { status, text: body } of await Promise.all(requestsWith(text, encoded))) {
        expect(status, body).toBeLessThan(500);
        expect(body).not.toMatch(/SQLITE|syntax error|near "/);
      }
    }
    expect(await contents()).toEqual(before);
  },
);

it("naughty strings work unchanged as defaults and enum values", { timeout: 240_000 }, async () => {
  const columns = naughtyTexts.flatMap((text, i) => [
    { name: `v${i}`, type: "VARCHAR", length: 10_000, default: text },
    ...(text.length > 0 && text.length <= 255
      ? [{ name: `e${i}`, type: "ENUM", values: [text, "another"], default: text }]
      : []),
    { name: `j${i}`, type: "JSON", default: { text } },
  ]);
  const PER_ENTITY = 150;
  for (let start = 0; start < columns.length; start += PER_ENTITY) {
    const own = columns.slice(start, start + PER_ENTITY);
    await v.define({ name: `Default${start}`, columns: own });
    const { data } = expectStatus(await v.api("POST", `/Default${start}`, { body: {} }), 201).body;
    for (const column of own) expect(data[column.name], column.name).toEqual(column.default);
  }
});
