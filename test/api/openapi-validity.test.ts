import { type Schema, Validator } from "@cfworker/json-schema";
import { beforeAll, expect, it } from "vitest";
import { type Answer, askAdmin, expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { type Parts, resolved } from "../support/find-operation.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * Values for a part of a request. The document and the API must agree about each. Rules that a schema cannot express,
 * such as whether a record exists, are left out.
 */

let w: TestWorkspace;
let workspaceDocument: Parts;
let adminDocument: Parts;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
  workspaceDocument = expectStatus(await w.api("GET", "/openapi.json"), 200).body;
  adminDocument = expectStatus(await askAdmin("GET", "/openapi.json"), 200).body;
  expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
});

function isValid(document: Parts, part: Parts | undefined, value: unknown): boolean {
  const whole = { $defs: document.components.schemas, allOf: [part] };
  const text = JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/");
  return new Validator(JSON.parse(text) as Schema, "2020-12").validate(value).valid;
}

const parameter = (name: string) =>
  workspaceDocument.components.parameters[`Customer-${name}-parameter`].schema as Parts;
const workspaceSchema = (name: string) => workspaceDocument.components.schemas[name] as Parts;
const adminSchema = (name: string) => adminDocument.components.schemas[name] as Parts;
const query = (name: string, value: string) => `${name}=${encodeURIComponent(value)}`;
const unique = () => `${crypto.randomUUID()}@example.com`;

interface Part {
  readonly values: readonly unknown[];
  readonly isValid: (value: never) => boolean;
  readonly send: (value: never) => Promise<Answer>;
}

const NAMES = [
  "",
  ".",
  "name",
  "name.",
  ".name",
  "name,age",
  "nope",
  "id",
  "email",
  "orders.id",
  "orders..id",
  ",",
];
const SORTS = [
  ...NAMES,
  "name,desc",
  "name,",
  "name,up",
  "name,asc,nullsLast",
  "name,asc,last",
  "name,asc,nullsLast,x",
];
const TEXTS = ["", "a", " ", "\0", "a\0b", "é😀", "x".repeat(100), "x".repeat(101), 1, null, true, [], {}];
const secret = (bytes: number) => `whsec_${new Uint8Array(bytes).toBase64()}`;

const parts: Readonly<Record<string, Part>> = {
  fields: {
    values: NAMES,
    isValid: (value: string) => isValid(workspaceDocument, parameter("fields"), value.split(",")),
    send: (value: string) => w.api("GET", `/Customer?expand=orders&${query("fields", value)}`),
  },
  sort: {
    values: SORTS.filter((value) => !value.startsWith("orders")),
    isValid: (value: string) => isValid(workspaceDocument, parameter("sort"), [value]),
    send: (value: string) => w.api("GET", `/Customer?${query("sort", value)}`),
  },
  upsertBy: {
    values: NAMES,
    isValid: (value: string) => isValid(workspaceDocument, parameter("upsertBy"), value.split(",")),
    send: (value: string) =>
      w.api("PUT", `/Customer/bulk?${query("upsertBy", value)}`, { body: [{ ...alice, email: unique() }] }),
  },
  "filter[age.between]": {
    values: ["", "1", "1,2", ",", "1,", ",2", "1,2,3"],
    isValid: (value: string) =>
      isValid(workspaceDocument, workspaceSchema("Customer-filter"), { "age.between": value }),
    send: (value: string) => w.api("GET", `/Customer?${query("filter[age.between]", value)}`),
  },
  "the text of a record": {
    values: TEXTS,
    isValid: (name: unknown) =>
      isValid(workspaceDocument, workspaceSchema("Customer-create"), { ...alice, email: unique(), name }),
    send: (name: unknown) => w.api("POST", "/Customer", { body: { ...alice, email: unique(), name } }),
  },
  "`as` of a transaction": {
    values: ["", "a", "a1_b", "1a", "a-b", "a.b", " ", "x".repeat(63), "x".repeat(64), 1, null],
    isValid: (as: unknown) => isValid(workspaceDocument, workspaceSchema("shared-operation"), operation(as)),
    send: (as: unknown) => w.api("POST", "/transaction", { body: { operations: [operation(as)] } }),
  },
  "the entity of a scope": {
    values: ["", "Customer", 1, null],
    isValid: (entity: unknown) => isValid(adminDocument, adminSchema("ApiKeyInput"), keyFor(entity)),
    send: (entity: unknown) => w.admin("POST", "/api-keys", { body: keyFor(entity) }),
  },
  "the URL of a webhook": {
    values: ["", "x", "ftp://example.com/", "https://example.com/hook", "http://example.com", "https://", 1],
    isValid: (url: unknown) => isValid(adminDocument, adminSchema("WebhookInput"), webhookWith({ url })),
    send: (url: unknown) => w.admin("POST", "/webhooks", { body: webhookWith({ url }) }),
  },
  "the secret of a webhook": {
    values: [
      "",
      "x",
      "whsec_",
      "whsec_a",
      ...[23, 24, 25, 26, 32, 62, 63, 64, 65].map(secret),
      `${secret(24)}=`,
    ],
    isValid: (value: unknown) =>
      isValid(adminDocument, adminSchema("WebhookInput"), webhookWith({ secret: value })),
    send: (value: unknown) => w.admin("POST", "/webhooks", { body: webhookWith({ secret: value }) }),
  },
  "an allowed origin": {
    values: [
      "",
      "*",
      "https://a.example",
      "https://*.example.com",
      "https://a.*.example",
      "https://a.example/",
      "https://a.example/path",
      "a.example",
      "https://A.example",
      "capacitor://localhost",
      "https://u@a.example",
      "null",
    ],
    isValid: (origin: string) =>
      isValid(adminDocument, adminSchema("WorkspacePatch"), { corsAllowedOrigins: [origin] }),
    send: (origin: string) => w.admin("PATCH", "", { body: { corsAllowedOrigins: [origin] } }),
  },
  "a column": {
    values: [{}, { type: "TEXT" }, { references: { entity: "Order" } }, { type: "NONE" }, { type: null }],
    isValid: (more: object) => isValid(adminDocument, adminSchema("ColumnInput"), { name: "c1", ...more }),
    send: (more: object) =>
      w.admin("POST", "/entities/Customer/columns", {
        body: { name: `c${crypto.randomUUID().slice(0, 8)}`, ...more },
      }),
  },
};

const operation = (as: unknown) => ({
  method: "POST",
  entity: "Customer",
  as,
  body: { ...alice, email: unique() },
});
const keyFor = (entity: unknown) => ({
  name: "k",
  permission: "READ_WRITE",
  scopes: [{ entity, operations: ["read"] }],
});
const webhookWith = (more: object) => ({
  name: "hook",
  url: "https://example.com/hook",
  events: ["record.created"],
  enabled: false,
  ...more,
});

it.each(Object.keys(parts))("the document and the API agree on %s", async (name) => {
  const part = parts[name];
  const said: unknown[] = [];
  const done: unknown[] = [];
  for (const value of part?.values ?? []) {
    const answer = await part?.send(value as never);
    expect(answer?.status, answer?.text).toBeLessThan(500);
    said.push([value, part?.isValid(value as never)]);
    done.push([value, (answer?.status ?? 0) < 300]);
  }
  expect(done).toEqual(said);
  expect(new Set(said.map((each) => (each as unknown[])[1]))).toEqual(new Set([true, false]));
});

it("asks for the name of what is dropped", async () => {
  const confirm = resolved(adminDocument, { $ref: "#/components/parameters/confirm-parameter" });
  expect(confirm).toMatchObject({ required: true, schema: { minLength: 1 } });
  expectStatus(await w.admin("DELETE", "/entities/Order"), 400);
  expectStatus(await w.admin("DELETE", "/entities/Order?confirm="), 400);
});
