import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, askAdmin, expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { operationOf, type Parts, resolved } from "../support/find-operation.ts";
import { validatorOf } from "../support/openapi/validator-of.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * Requests made from the documents: a right one with one parameter replaced by each of many texts. What the document calls
 * valid is accepted, and what it calls invalid is refused.
 */

let w: TestWorkspace;
let workspace: Parts;
let admin: Parts;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
  workspace = expectStatus(await w.api("GET", "/openapi.json"), 200).body;
  admin = expectStatus(await askAdmin("GET", "/openapi.json"), 200).body;
  expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
});

const SCALARS = [
  "",
  "0",
  "1",
  "-1",
  "1.5",
  "01",
  "1000",
  "1001",
  "1e3",
  "true",
  "false",
  "TRUE",
  "null",
  "a",
  "\0",
];
const WORDS = ["exact", "none", "csv", "ndjson", "lossy", "PAID", "paid"];
const TIMES = [
  "2026-01-01",
  "2026-13-01",
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:00.123456+02:00",
  "2026-01-01T24:00:00Z",
  "2026-01-01T00:00:00",
];
const LARGE = ["9007199254740", "9007199254741", "9007199254740993", "1e400"];
const NAMES = [
  ...[".", "id", "email", "name", "Name", "nothing", "count", "customer", "orders", "total", "status"],
  ...["nothing.id", "id.id", "email.", ".email", "email..id", "orders.id", "orders.nothing.x!"],
  ...["customer.email", "customer.orders.id", `customer${".customer".repeat(3)}.id`],
  ...["id,name", "name,id", "id,id", "id,,name", ",id", "id,", "orderNumber", "orderNumber,total"],
  ...["id,desc", "id,DESC", "id,desc,nullsLast", "id,desc,nullsLast,x", "customer.email,asc", "count,desc"],
  ...[
    "count,id",
    "sum",
    "sum,",
    "sum,age",
    "sum,total",
    "sum,name",
    "avg,vip",
    "min,email",
    "max,vip",
    "max,status",
  ],
  ...["countDistinct,vip", "median,age", "sum,customer.age", "sum,orders.total", "count.id", "sum.age"],
];
const TEXTS = [...SCALARS, ...WORDS, ...TIMES, ...LARGE, ...NAMES];

let made = 0;
const email = () => `${crypto.randomUUID().slice(0, 8)}${made++}@example.com`;

/** Refusals that depend on other parameters. */
const DEPENDENT = /needs expand=|neither a group nor a measure/;

/** What the document does not say of filters: texts have no null characters, and nothing means true. */
const BEYOND_FILTERS: Readonly<Record<string, readonly string[]>> = {
  eq: ["\0"],
  isNull: [""],
  isNotNull: [""],
};

interface Request {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly string[];
  /** Other parameters that a right request needs. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: () => unknown;
}

const requests: readonly Request[] = [
  { method: "GET", path: "/Customer", parameters: ["page", "size", "count", "sort", "fields", "expand"] },
  { method: "GET", path: "/Order", parameters: ["sort", "fields", "expand"] },
  { method: "GET", path: "/Customer/1", parameters: ["fields", "expand"] },
  { method: "GET", path: "/Customer/export", parameters: ["format", "escapeFormulas", "sort", "fields"] },
  { method: "GET", path: "/Order/export", parameters: ["sort", "fields"] },
  {
    method: "GET",
    path: "/Customer/aggregate",
    parameters: ["measure", "groupBy", "sort"],
    query: { measure: "count" },
  },
  {
    method: "GET",
    path: "/Order/aggregate",
    parameters: ["measure", "groupBy", "sort"],
    query: { measure: "count" },
  },
  {
    method: "POST",
    path: "/Customer",
    parameters: ["fields", "expand"],
    body: () => ({ ...alice, email: email() }),
  },
  {
    method: "POST",
    path: "/Customer/bulk",
    parameters: ["atomic"],
    body: () => [{ ...alice, email: email() }],
  },
  {
    method: "PUT",
    path: "/Customer/bulk",
    parameters: ["atomic", "upsertBy"],
    query: { upsertBy: "email" },
    body: () => [{ ...alice, email: email() }],
  },
  {
    method: "PATCH",
    path: "/Customer",
    parameters: ["maxAffected", "dryRun"],
    query: { maxAffected: "5", "filter[name]": "nobody" },
    body: () => ({ name: "A" }),
  },
  {
    method: "DELETE",
    path: "/Customer",
    parameters: ["maxAffected", "dryRun"],
    query: { maxAffected: "5", "filter[name]": "nobody" },
  },
];

describe("a query parameter of another value", () => {
  it.each(requests)("is taken exactly if the document says so: $method $path", async (request) => {
    const { method, path, parameters, query = {}, body } = request;
    const send = (sent: Readonly<Record<string, string>>) =>
      w.api(method, `${path}?${new URLSearchParams(sent)}`, body ? { body: body() } : {});
    const found = operationOf(workspace, { method, path: w.apiPath + path });
    expectStatus(await send(query), method === "POST" && path === "/Customer" ? 201 : 200);
    for (const name of parameters) {
      const parameter = parameterNamed(workspace, found?.parameters, name);
      expect(
        await differingFor(workspace, parameter, { send: (text) => send({ ...query, [name]: text }) }),
      ).toEqual([]);
    }
  });

  it.each(["Customer", "Order"])(
    "is taken exactly if the document says so: filters of %s",
    async (entity) => {
      const { properties } = workspace.components.schemas[`${entity}-filter`];
      const filters = Object.entries(properties as Parts).filter(([name]) => /^\w+$|\.isN/.test(name));
      expect(filters.length).toBeGreaterThan(10);
      for (const [name, schema] of filters) {
        const send = (text: string) =>
          w.api("GET", `/${entity}?${new URLSearchParams({ [`filter[${name}]`]: text })}`);
        const beyond = BEYOND_FILTERS[name.split(".")[1] ?? "eq"] ?? [];
        const texts = [...SCALARS, ...WORDS, ...TIMES].filter((text) => !beyond.includes(text));
        const differing = await differingFor(workspace, { schema, explode: true }, { send, texts });
        expect([name, differing]).toEqual([name, []]);
      }
    },
  );

  it.each([
    ["", ["page", "size"]],
    ["/workspaces/{workspace}/api-keys", ["page", "size"]],
    ["/workspaces/{workspace}/audit", ["page", "size", "action", "subject", "from", "to"]],
    ["/workspaces/{workspace}/schema", ["dryRun", "allow"]],
  ])("is taken exactly if the document says so: /organizations%s", async (below, names) => {
    const isPut = below.endsWith("/schema");
    const route = below && `/{organization}${below}`;
    const template = `/admin/v1/organizations${route}`;
    const path = `/organizations${route}`
      .replace("{organization}", w.organization)
      .replace("{workspace}", w.workspace);
    const parameters = admin.paths[template][isPut ? "put" : "get"].parameters.map((part: Parts) =>
      resolved(admin, part),
    );
    const { entities } = expectStatus(await w.admin("GET", "/schema"), 200).body.data;
    for (const name of names) {
      const send = (text: string) =>
        askAdmin(isPut ? "PUT" : "GET", `${path}?${new URLSearchParams({ [name]: text })}`, {
          ...(isPut && { body: { entities } }),
        });
      expect([name, await differingFor(admin, parameterNamed(admin, parameters, name), { send })]).toEqual([
        name,
        [],
      ]);
    }
  });
});

const parameterNamed = (document: Parts, parameters: readonly Parts[] | undefined, name: string): Parts => {
  const found = parameters?.map((part) => resolved(document, part) ?? {}).find((part) => part.name === name);
  if (!found) throw new Error(`there is no parameter '${name}'`);
  return found;
};

/** The texts that are taken although the parameter's schema refuses them, or the other way round. */
async function differingFor(
  document: Parts,
  parameter: Parts,
  { send, texts = TEXTS }: { send: (text: string) => Promise<Answer>; texts?: readonly string[] },
) {
  const { schema, explode = true } = parameter;
  const isValid = validatorOf(document, schema);
  const { type, anyOf = [] } = resolved(document, schema) ?? {};
  const isList = type === "array" || anyOf.some((part: Parts) => part.type === "array");
  const differing: unknown[] = [];
  for (const text of texts) {
    const values = explode ? [text] : text === "" ? [] : text.split(",");
    const isDescribed = isValid(isList ? values : readText(text, type));
    const answer = await send(text);
    expect(answer.status, answer.text).toBeLessThan(500);
    if (answer.status < 300 === isDescribed) continue;
    // No schema says where a relationship leads.
    if (isDescribed && (text.includes(".") || DEPENDENT.test(answer.text))) continue;
    differing.push([text, isDescribed, answer.text.slice(0, 200)]);
  }
  return differing;
}

/** The value that a text in a query means for a schema of the type. */
function readText(text: string, type: string | readonly string[] | undefined): unknown {
  const types = [type ?? []].flat();
  if (types.includes("boolean") && /^(?:true|false)$/.test(text)) return text === "true";
  if (types.includes("string")) return text;
  const number = types.includes("number") ? /^-?\d+(?:\.\d+)?(?:e\d+)?$/ : /^-?\d+(?:\.\d+)?$/;
  return number.test(text) ? Number(text) : text;
}
