import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, askAdmin, expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { type Parts, resolved } from "../support/find-operation.ts";
import { differencesOf, type GeneratedBody } from "../support/openapi/generated-bodies.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * Bodies made from the document of the admin API. What it calls valid is accepted, and what it calls invalid is refused.
 */

let w: TestWorkspace;
let document: Parts;
/** An address where nothing listens. */
const NOBODY = "http://127.0.0.1:1/";
/** Ids of what the requests change. */
const ids: Record<string, string> = {};
beforeAll(async () => {
  w = await makeWorkspace(customer, order, {
    name: "Thing",
    columns: [
      { name: "label", type: "VARCHAR" },
      { name: "price", type: "DECIMAL", precision: 10, scale: 2 },
    ],
  });
  document = expectStatus(await askAdmin("GET", "/openapi.json"), 200).body;
  expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
  const id = (answer: Answer) => expectStatus(answer, 201).body.data.id;
  ids.key = id(await w.admin("POST", "/api-keys", { body: { name: "K", permission: "READ_WRITE" } }));
  ids.adminKey = id(await askAdmin("POST", "/admin-keys", { body: adminKey() }));
  ids.member = id(await askAdmin("POST", "/members", { body: member() }));
  ids.changedWebhook = id(await w.admin("POST", "/webhooks", { body: webhook() }));
  ids.webhook = id(
    await w.admin("POST", "/webhooks", { body: { ...webhook(), url: NOBODY, enabled: true } }),
  );
  expectStatus(await w.admin("POST", "/roles", { body: { ...role(), name: "changed" } }), 201);
  expectStatus(await w.admin("POST", "/issuers", { body: { ...issuer(), name: "changed" } }), 201);
});

let made = 0;
const unique = () => `${crypto.randomUUID().slice(0, 8)}${made++}`;
const uniqueName = (prefix: string) => prefix + unique();

const adminKey = () => ({ name: "K", organization: w.organization, role: "VIEWER" });
const member = () => ({ email: `${unique()}@example.com`, organization: w.organization, role: "VIEWER" });
const role = () => ({ name: uniqueName("r"), permission: "READ_WRITE", scopes: null });
const issuer = () => ({ name: uniqueName("i"), issuer: `https://${unique()}.example.com`, audience: "a" });
const webhook = () => ({
  name: "H",
  url: "https://example.com/",
  events: ["record.created"],
  enabled: false,
});
const scope = { entity: "Order", operations: ["read", "create"] };
const column = () => ({ name: uniqueName("c"), type: "VARCHAR" });
const entity = () => ({
  name: uniqueName("E"),
  columns: [
    { name: "a", type: "TEXT" },
    { name: "b", type: "TEXT" },
  ],
});

/** Sends the body to the workspace, and deletes what it creates. */
const creating =
  (path: string, pathOf: (data: Parts) => string) =>
  async (body: Parts): Promise<Answer> => {
    const answer = await w.admin("POST", path, { body });
    if (answer.status === 201) await w.admin("DELETE", `${path}/${pathOf(answer.body.data)}`);
    return answer;
  };
const changing = (method: string, path: () => string) => (body: Parts) => w.admin(method, path(), { body });

/** Sends the change, and takes a new name back. */
const renaming =
  (path: string, name: string) =>
  async (body: Parts): Promise<Answer> => {
    const answer = await w.admin("PATCH", `${path}/${name}`, { body });
    const now = answer.body.data?.name ?? name;
    if (now !== name)
      expectStatus(await w.admin("PATCH", `${path}/${now}`, { body: { name, previousNames: null } }), 200);
    return answer;
  };

const createKey = creating("/api-keys", ({ id }) => id);
const createRole = creating("/roles", ({ name }) => name);
const createIssuer = creating("/issuers", ({ name }) => name);
const createWebhook = creating("/webhooks", ({ id }) => id);
const createEntity = creating("/entities", ({ name }) => `${name}?confirm=${name}`);
const addColumn = creating("/entities/Thing/columns", ({ name }) => `${name}?confirm=${name}`);

const RANGES = ["10.0.0.0/8", "10.0.0.0/08", "10.0.0.256", "2001:db8::/32", "::1", "::1/129", "1::2::3/64"];
const LIMITS = {
  allowedIps: RANGES.map((range) => [range]),
  expiresAt: ["2999-01-01T00:00:00Z", "2999-01-01T00:00:00+24:00", "2999-01-01"],
};
const SCOPES = {
  scopes: [
    [scope],
    [{ ...scope, operations: ["create", "update"] }],
    [{ ...scope, operations: ["read", "read"] }],
  ],
};
const OPERATIONS = [
  ["read"],
  ["read", "update"],
  ["update"],
  ["delete", "read"],
  ["create"],
  ["reed"],
  ["read", "read"],
];
const TREES = [{ status: "PAID" }, { and: [] }];
const SCOPE_VALUES = {
  entity: ["Order", "Customer"],
  operations: OPERATIONS,
  filter: TREES,
  check: TREES,
  fields: [["total"], ["status", "total"]],
  writableFields: [["total"]],
  presets: [{ total: 1 }],
};
const UNKNOWN_NAMES = /is not an? (?:entity|field)|Unknown|unknown|must be a filter|Entity not found/;

/** What depends on other properties of the column, on its type, or on its values. */
const BEYOND_COLUMNS = /"(?:columns.0..)?(?:default|scale|constraints.0..(?:value|type)|unique)"/;

type Case = GeneratedBody & { readonly id: string };

const cases: readonly Case[] = [
  {
    id: "createOrganization",
    base: () => ({ slug: uniqueName("o"), name: "O" }),
    send: (body) => askAdmin("POST", "/organizations", { body }),
  },
  {
    id: "updateOrganization",
    base: () => ({ name: "O" }),
    send: (body) => askAdmin("PATCH", `/organizations/${w.organization}`, { body }),
  },
  {
    id: "createWorkspace",
    base: () => ({ slug: uniqueName("w"), name: "W" }),
    send: (body) => askAdmin("POST", `/organizations/${w.organization}/workspaces`, { body }),
  },
  {
    id: "updateWorkspace",
    base: () => ({ name: "W" }),
    values: {
      accessMode: ["ACTIVE", "active"],
      mcpMode: ["OFF", "FULL", "full"],
      rateLimit: [60, 100, 600],
      corsAllowedOrigins: [
        ...[
          "https://a.example.com",
          "https://*.example.com",
          "https://*",
          "https://a.*.com",
          "capacitor://localhost",
        ],
        ...[
          "https://a.example.com/",
          "https://a.example.com:443",
          "https://a.example.com:8443",
          "http://[::1]",
        ],
        ...[
          "https://a:99999",
          "https://ü.com",
          "chrome-extension://abc",
          "null",
          "*",
          "https://",
          "HTTPS://a.com",
        ],
      ].map((origin) => [origin]),
    },
    beyond: /must be an origin/,
    send: changing("PATCH", () => ""),
  },
  {
    id: "createApiKey",
    base: () => ({ name: "K", permission: "READ_WRITE" }),
    values: { ...SCOPES, ...LIMITS },
    beyond: /must be in the future|is not an entity|READ_ONLY/,
    send: createKey,
  },
  {
    id: "createApiKey",
    at: "scopes.0",
    base: () => ({ name: "K", permission: "READ_WRITE", scopes: [scope] }),
    values: SCOPE_VALUES,
    beyond: UNKNOWN_NAMES,
    send: createKey,
  },
  {
    id: "updateApiKey",
    base: () => ({ name: "K" }),
    values: { ...SCOPES, ...LIMITS },
    send: changing("PATCH", () => `/api-keys/${ids.key}`),
  },
  {
    id: "rotateApiKey",
    base: () => ({ gracePeriodSeconds: 0 }),
    values: { gracePeriodSeconds: [604_800, 604_801] },
    send: changing("POST", () => `/api-keys/${ids.key}/rotate`),
  },
  { id: "revokeTokens", base: () => ({ sub: "a" }), send: changing("POST", () => "/tokens/revoke") },
  { id: "revokeTokens", base: () => ({ all: true }), send: changing("POST", () => "/tokens/revoke") },
  {
    id: "createIssuer",
    base: issuer,
    values: {
      algorithms: [["RS256"], ["RS256", "RS256"], ["HS256"]],
      jwksUrl: [
        "https://a.example.com/keys",
        "https://u:p@a.example.com/",
        "ftp://a.example.com/",
        "https://a b",
      ],
    },
    // Without a jwksUrl, the issuer must be a URL.
    beyond: /needs a jwksUrl/,
    send: createIssuer,
  },
  {
    id: "updateIssuer",
    base: () => ({ audience: "a" }),
    beyond: /needs a jwksUrl/,
    send: changing("PATCH", () => "/issuers/changed"),
  },
  { id: "revokeUsers", base: () => ({ sub: "a" }), send: changing("POST", () => "/issuers/changed/revoke") },
  { id: "createRole", base: role, values: SCOPES, send: createRole },
  {
    id: "createRole",
    at: "scopes.0",
    base: () => ({ ...role(), scopes: [scope] }),
    values: SCOPE_VALUES,
    beyond: UNKNOWN_NAMES,
    send: createRole,
  },
  {
    id: "updateRole",
    base: () => ({ permission: "READ_WRITE" }),
    values: SCOPES,
    send: changing("PATCH", () => "/roles/changed"),
  },
  {
    id: "createWebhook",
    base: webhook,
    values: {
      url: [
        "http://a.example.com",
        "https://u:p@a.example.com/",
        "ftp://a.example.com/",
        "https://",
        "https://a b/",
      ],
      events: [["record.created", "record.created"], ["record.deleted"], ["records.sent"]],
      entities: [["Order"], ["Order", "Customer"]],
      filter: [{ status: "PAID" }],
      expand: [["customer"], ["customer.orders"]],
      headers: [
        { "X-A": "b" },
        { "X-A": "" },
        { "X A": "b" },
        { Host: "b" },
        { "X-A": " b" },
        { "X-A": "ü" },
      ],
      secret: [`whsec_${"A".repeat(32)}`, `whsec_${"A".repeat(33)}`, `whsec_${"A".repeat(100)}`],
      signature: ["v1", "v1a", "v2"],
    },
    beyond: /is not an entity|needs 'entities'|must be a valid URL|keys are generated/,
    send: createWebhook,
  },
  {
    id: "createWebhook",
    base: () => ({ ...webhook(), entities: ["Order"] }),
    values: { filter: [{ status: "PAID" }, { status: { changed: true } }], expand: [["customer"]] },
    beyond: /is not an entity|Unknown|needs 'entities'/,
    send: createWebhook,
  },
  {
    id: "updateWebhook",
    base: () => ({ name: "H" }),
    beyond: /is not an entity|needs 'entities'/,
    send: changing("PATCH", () => `/webhooks/${ids.changedWebhook}`),
  },
  {
    id: "rotateWebhookSecret",
    base: () => ({ gracePeriodSeconds: 0 }),
    values: { gracePeriodSeconds: [604_800, 604_801], signature: ["v1", "v1a", "v2"] },
    send: changing("POST", () => `/webhooks/${ids.webhook}/rotate-secret`),
  },
  {
    id: "testWebhook",
    base: () => ({ entity: "Order" }),
    beyond: /Entity not found/,
    send: changing("POST", () => `/webhooks/${ids.webhook}/test`),
  },
  {
    id: "sendRecords",
    base: () => ({ entity: "Customer", ids: [1] }),
    values: { ids: [["1"], [1, 1], [1.5], [-1], Array(100).fill(1), Array(101).fill(1)] },
    beyond: /not found/,
    send: changing("POST", () => `/webhooks/${ids.webhook}/send`),
  },
  {
    id: "createEntity",
    base: entity,
    values: {
      indexes: [[{ fields: ["a"] }], [{ fields: ["a", "a"] }]],
      columns: [[{ name: "a", type: "TEXT" }], [{ name: "a" }]],
      idType: ["INTEGER", "UUID", "TEXT"],
    },
    send: createEntity,
  },
  {
    id: "createEntity",
    at: "columns.0",
    base: entity,
    beyond: BEYOND_COLUMNS,
    send: createEntity,
  },
  {
    id: "createEntity",
    at: "settings",
    base: () => ({ ...entity(), settings: {} }),
    values: {
      defaultFields: [["id", "b"]],
      filterableFields: [["a"]],
      maxExpandDepth: [5, 6],
    },
    beyond: /is unknown/,
    send: createEntity,
  },
  {
    id: "createEntity",
    at: "indexes.0",
    base: () => ({ ...entity(), indexes: [{ fields: ["b"] }] }),
    values: {
      fields: [
        ["b", "id"],
        ["b", "b"],
      ],
      where: [{ b: "x" }, { a: "x" }],
    },
    beyond: /is not a field|indexes.0..where/,
    send: createEntity,
  },
  ...[
    { type: "UNIQUE_COMPOSITE", fields: ["a", "b"] },
    { type: "FIELD_LESS_THAN", field: "a", otherField: "b" },
    { type: "CONDITIONAL_REQUIRED", field: "a", when: { field: "b", equals: "x" } },
  ].map((constraint) => ({
    id: "createEntity",
    at: "constraints.0",
    base: () => ({ ...entity(), constraints: [constraint] }),
    values: {
      fields: [["a", "b"], ["a", "a"], ["b"]],
      when: [
        { field: "b", equals: null },
        { field: "b", equals: 1 },
        { field: "a", equals: "x" },
      ],
    },
    beyond: /is not a field|must be another|when.equals/,
    send: createEntity,
  })),
  {
    id: "updateEntity",
    base: () => ({ description: "D" }),
    beyond: /is unknown/,
    send: renaming("/entities", "Thing"),
  },
  {
    id: "addColumn",
    base: column,
    values: {
      length: [255, 100_000, 100_001],
      constraints: [[{ type: "EMAIL" }], [{ type: "NO" }], [{ type: "MIN", value: 1 }]],
    },
    beyond: BEYOND_COLUMNS,
    send: addColumn,
  },
  ...(
    [
      ["DECIMAL", { precision: [15, 16], scale: [5, 16] }],
      ["ENUM", { values: [["a", "b"], ["x".repeat(256)], Array.from({ length: 201 }, String)] }],
      ["UUID", {}],
      ["DATETIME", { autoSet: ["INSERT", "UPDATE"] }],
      ["JSON", {}],
      ["INTEGER", {}],
    ] as const
  ).map(([type, values]) => ({
    id: "addColumn",
    base: () => ({ ...column(), type, ...(type === "ENUM" && { values: ["a"] }) }),
    values,
    beyond: BEYOND_COLUMNS,
    send: addColumn,
  })),
  {
    id: "addColumn",
    at: "references",
    base: () => ({ name: uniqueName("c"), references: { entity: "Customer" } }),
    values: { onDelete: ["CASCADE", "SET_NULL"], relationship: [uniqueName("r")] },
    beyond: /Entity not found/,
    send: addColumn,
  },
  {
    id: "addColumn",
    at: "constraints.0",
    base: () => ({ ...column(), constraints: [{ type: "MIN_LENGTH", value: 1 }] }),
    values: { type: ["MAX_LENGTH", "EMAIL", "MIN"] },
    beyond: BEYOND_COLUMNS,
    send: addColumn,
  },
  {
    id: "updateColumn",
    base: () => ({ description: "D" }),
    // The stored type decides which options there are.
    beyond: new RegExp(`${BEYOND_COLUMNS.source}|is an option of`),
    send: renaming("/entities/Thing/columns", "label"),
  },
  {
    id: "putSchema",
    base: () => ({ entities: [entity()] }),
    values: { version: [1], deployment: ["d"] },
    send: changing("PUT", () => "/schema?dryRun=true"),
  },
  {
    id: "createAdminKey",
    base: adminKey,
    values: LIMITS,
    beyond: /must be in the future|Organization not found/,
    send: (body) => askAdmin("POST", "/admin-keys", { body }),
  },
  {
    id: "updateAdminKey",
    base: () => ({ name: "K" }),
    values: LIMITS,
    send: (body) => askAdmin("PATCH", `/admin-keys/${ids.adminKey}`, { body }),
  },
  {
    id: "rotateAdminKey",
    base: () => ({ gracePeriodSeconds: 0 }),
    values: { gracePeriodSeconds: [604_800, 604_801] },
    send: (body) => askAdmin("POST", `/admin-keys/${ids.adminKey}/rotate`, { body }),
  },
  {
    id: "createMember",
    base: member,
    values: {
      email: ["A@Example.com", "a@b", "ü@example.com", "a..b@example.com", `${"x".repeat(250)}@example.com`],
    },
    beyond: /Organization not found/,
    send: (body) => askAdmin("POST", "/members", { body }),
  },
  {
    id: "updateMember",
    base: () => ({ role: "VIEWER" }),
    send: (body) => askAdmin("PATCH", `/members/${ids.member}`, { body }),
  },
];

const operationsWithBody = (): Readonly<Record<string, Parts>> =>
  Object.fromEntries(
    Object.values(document.paths as Parts)
      .flatMap((item) => Object.values(item as Parts))
      .filter(({ requestBody }) => requestBody)
      .map(({ operationId, requestBody }) => [operationId, requestBody.content["application/json"].schema]),
  );

describe("a body of the admin API with one property of another value", () => {
  it("is tried for every operation", () => {
    expect([...new Set(cases.map(({ id }) => id))].sort()).toEqual(Object.keys(operationsWithBody()).sort());
  });

  it.each(cases.map((each, i) => [`${each.id} ${each.at ?? ""} (${i})`, each] as const))(
    "is taken exactly if the document says so: %s",
    async (_, { id, ...body }) => {
      const schema = resolved(document, operationsWithBody()[id]) ?? {};
      expect(await differencesOf(document, schema, body)).toEqual([]);
    },
  );
});
