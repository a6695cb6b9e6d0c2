import { type Schema, Validator } from "@cfworker/json-schema";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { type Parts, resolved } from "../support/find-operation.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * Requests made from the document: a right one with one property or parameter replaced by each of many values. What the
 * document calls valid is accepted, and what it calls invalid is refused.
 */

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  1,
  -1,
  1.5,
  61,
  1e15,
  "",
  " ",
  "a",
  "A1",
  "a b",
  "a.b",
  "\0",
  "ü",
  "x".repeat(64),
  "x".repeat(101),
  "x".repeat(1_001),
  [],
  [null],
  ["a"],
  [1],
  {},
  { a: 1 },
];

let w: TestWorkspace;
let workspace: Parts;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
  workspace = expectStatus(await w.api("GET", "/openapi.json"), 200).body;
  expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
});

function validatorOf(document: Parts, part: Parts | undefined): (value: unknown) => boolean {
  const whole = { $defs: document.components.schemas, allOf: [part] };
  const text = JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/");
  const validator = new Validator(JSON.parse(text) as Schema, "2020-12");
  return (value) => validator.validate(value).valid;
}

let made = 0;
const unique = () => `${crypto.randomUUID().slice(0, 8)}${made++}`;

interface Body {
  readonly schema: string;
  readonly base: () => Readonly<Record<string, unknown>>;
  readonly send: (body: object) => Promise<Answer>;
  /** Properties whose values depend on what no schema says, such as which entities exist. */
  readonly except?: readonly string[];
}

const bodies: Readonly<Record<string, Body>> = {
  "POST /Customer": {
    schema: "Customer-create",
    base: () => ({ ...alice, email: `${unique()}@example.com` }),
    send: (body) => w.api("POST", "/Customer", { body }),
    except: ["id"],
  },
  "PUT /Customer/1": {
    schema: "Customer-update",
    base: () => ({ name: "A" }),
    send: (body) => w.api("PUT", "/Customer/1", { body }),
    except: ["id"],
  },
};

describe("a body with one property of another value", () => {
  it.each(Object.keys(bodies))("is taken exactly if the document says so: %s", async (name) => {
    const body = bodies[name] as Body;
    const schema = resolved(workspace, { $ref: `#/components/schemas/${body.schema}` });
    const isValid = validatorOf(workspace, schema);
    const properties = propertiesOf(workspace, schema).filter((property) => !body.except?.includes(property));
    expect(properties.length).toBeGreaterThan(1);
    const said: unknown[] = [];
    const done: unknown[] = [];
    for (const property of [...properties, "unknown"])
      for (const value of VALUES) {
        const sent = { ...body.base(), [property]: value };
        const answer = await body.send(sent);
        expect(answer.status, answer.text).toBeLessThan(500);
        if (answer.status === 409) continue;
        said.push([property, value, isValid(sent)]);
        done.push([property, value, answer.status < 300]);
      }
    const differing = done.filter((each, i) => JSON.stringify(each) !== JSON.stringify(said[i]));
    expect(differing).toEqual([]);
  });
});

/** Names of the properties that a schema has, parts of it included. */
function propertiesOf(document: Parts, schema: Parts | undefined): readonly string[] {
  const parts: readonly Parts[] = [
    ...(schema?.allOf ?? []),
    ...(schema?.anyOf ?? []),
    ...(schema?.oneOf ?? []),
  ];
  const own = Object.keys(schema?.properties ?? {});
  return [...new Set([...own, ...parts.flatMap((part) => propertiesOf(document, resolved(document, part)))])];
}

const TEXTS = [
  "",
  "0",
  "1",
  "-1",
  "1.5",
  "01",
  "1000",
  "1001",
  "true",
  "false",
  "TRUE",
  "exact",
  "none",
  "csv",
  "a",
  "\0",
];

describe("a query parameter of another value", () => {
  it.each([
    ["GET", "/Customer", ["page", "size", "count"]],
    ["GET", "/Customer/export", ["format", "escapeFormulas"]],
    ["POST", "/Customer/bulk", ["atomic"]],
    ["PATCH", "/Customer", ["maxAffected", "dryRun"]],
  ])("is taken exactly if the document says so: %s %s", async (method, path, names) => {
    const operation: Parts = workspace.paths[path][method.toLowerCase()];
    const parameters = [...(workspace.paths[path].parameters ?? []), ...(operation.parameters ?? [])].map(
      (part: Parts) => resolved(workspace, part) ?? {},
    );
    const differing: unknown[] = [];
    for (const name of names) {
      const { schema } = parameters.find((part: Parts) => part.name === name) as Parts;
      const isValid = validatorOf(workspace, schema);
      const { type } = resolved(workspace, schema) ?? {};
      for (const text of TEXTS) {
        const query = new URLSearchParams({ [name]: text });
        if (method === "PATCH") query.set("filter[name]", "nobody");
        if (method === "PATCH" && name !== "maxAffected") query.set("maxAffected", "5");
        const body = method === "POST" ? [{ ...alice, email: `${unique()}@example.com` }] : { name: "A" };
        const answer = await w.api(method, `${path}?${query}`, { ...(method !== "GET" && { body }) });
        expect(answer.status, answer.text).toBeLessThan(500);
        const isAccepted = answer.status < 300;
        if (isAccepted !== isValid(readText(text, type))) differing.push([name, text, answer.status]);
      }
    }
    expect(differing).toEqual([]);
  });
});

/** The value that a text in a query means for a schema of the type. */
function readText(text: string, type: string | undefined): unknown {
  if (type === "boolean" && /^(?:true|false)$/.test(text)) return text === "true";
  return type === "integer" && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}
