import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, askAdmin, expectStatus } from "../support/api.ts";
import { alice, customer, order } from "../support/entities.ts";
import { type Parts, resolved } from "../support/find-operation.ts";
import { validatorOf } from "../support/openapi/validator-of.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * Bodies made from the documents: a right one with one property replaced by each of many values. What the
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
  ["10.0.0.0/8"],
  ["10.0.0.0/08"],
  ["10.0.0.256"],
  ["2001:db8::/32"],
  ["::1"],
  ["::1/129"],
  ["1::2::3/64"],
  ["::ffff:010.0.0.1"],
  [1],
  {},
  { a: 1 },
];

let w: TestWorkspace;
let documents: Readonly<Record<"workspace" | "admin", Parts>>;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
  documents = {
    workspace: expectStatus(await w.api("GET", "/openapi.json"), 200).body,
    admin: expectStatus(await askAdmin("GET", "/openapi.json"), 200).body,
  };
  expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
});

let made = 0;
const unique = () => `${crypto.randomUUID().slice(0, 8)}${made++}`;

interface Body {
  readonly document: "workspace" | "admin";
  readonly schema: string;
  readonly base: () => Readonly<Record<string, unknown>>;
  readonly send: (body: object) => Promise<Answer>;
  /** Properties whose values depend on what no schema says, such as which entities or organizations exist. */
  readonly except?: readonly string[];
}

const bodies: Readonly<Record<string, Body>> = {
  "POST /Customer": {
    document: "workspace",
    schema: "Customer-create",
    base: () => ({ ...alice, email: `${unique()}@example.com` }),
    send: (body) => w.api("POST", "/Customer", { body }),
    except: ["id"],
  },
  "PUT /Customer/1": {
    document: "workspace",
    schema: "Customer-update",
    base: () => ({ name: "A" }),
    send: (body) => w.api("PUT", "/Customer/1", { body }),
    except: ["id"],
  },
  "POST /organizations": {
    document: "admin",
    schema: "OrganizationInput",
    base: () => ({ slug: `o-${unique()}`, name: "O" }),
    send: (body) => askAdmin("POST", "/organizations", { body }),
  },
  "POST /workspaces": {
    document: "admin",
    schema: "WorkspaceInput",
    base: () => ({ slug: `w-${unique()}`, name: "W" }),
    send: (body) => askAdmin("POST", `/organizations/${w.organization}/workspaces`, { body }),
  },
  "PATCH workspace": {
    document: "admin",
    schema: "WorkspacePatch",
    base: () => ({ name: "W" }),
    send: (body) => w.admin("PATCH", "", { body }),
  },
  "POST /api-keys": {
    document: "admin",
    schema: "ApiKeyInput",
    base: () => ({ name: "K", permission: "READ_ONLY" }),
    send: (body) => w.admin("POST", "/api-keys", { body }),
  },
  "POST /roles": {
    document: "admin",
    schema: "RoleInput",
    base: () => ({ name: `r-${unique()}`, permission: "READ_ONLY", scopes: null }),
    send: async (body) => {
      const answer = await w.admin("POST", "/roles", { body });
      if (answer.status === 201) await w.admin("DELETE", `/roles/${answer.body.data.name}`);
      return answer;
    },
  },
  "POST /issuers": {
    document: "admin",
    schema: "IssuerInput",
    base: () => ({ name: `i-${unique()}`, issuer: `https://${unique()}.example.com`, audience: "a" }),
    send: async (body) => {
      const answer = await w.admin("POST", "/issuers", { body });
      if (answer.status === 201) await w.admin("DELETE", `/issuers/${answer.body.data.name}`);
      return answer;
    },
    // Without a jwksUrl, the issuer must be a URL.
    except: ["issuer"],
  },
  "POST /admin-keys": {
    document: "admin",
    schema: "AdminKeyInput",
    base: () => ({ name: "K", organization: w.organization, role: "VIEWER" }),
    send: (body) => askAdmin("POST", "/admin-keys", { body }),
    except: ["organization"],
  },
  "POST /members": {
    document: "admin",
    schema: "MemberInput",
    base: () => ({ email: `${unique()}@example.com`, organization: w.organization, role: "VIEWER" }),
    send: (body) => askAdmin("POST", "/members", { body }),
    except: ["organization"],
  },
  "POST /webhooks": {
    document: "admin",
    schema: "WebhookInput",
    base: () => ({ name: "H", url: "https://example.com/", events: ["record.created"], enabled: false }),
    send: async (body) => {
      const answer = await w.admin("POST", "/webhooks", { body });
      if (answer.status === 201) await w.admin("DELETE", `/webhooks/${answer.body.data.id}`);
      return answer;
    },
    except: ["entities", "filter", "expand"],
  },
  "POST /entities": {
    document: "admin",
    schema: "EntityInput",
    base: () => ({ name: `E${unique().replaceAll("-", "")}`, columns: [{ name: "a", type: "TEXT" }] }),
    send: async (body) => {
      const answer = await w.admin("POST", "/entities", { body });
      const name = (body as { name?: string }).name ?? "";
      if (answer.status === 201) await w.admin("DELETE", `/entities/${name}?confirm=${name}`);
      return answer;
    },
    except: ["constraints", "relationships", "indexes", "columns"],
  },
  "POST /columns": {
    document: "admin",
    schema: "ColumnInput",
    base: () => ({ name: `c${unique().replaceAll("-", "")}`, type: "VARCHAR" }),
    send: (body) => w.admin("POST", "/entities/Order/columns", { body }),
    // A columnName may be taken, and a type decides which options a column has.
    except: [
      "columnName",
      "references",
      "default",
      "constraints",
      "values",
      "type",
      "precision",
      "scale",
      "autoSet",
      "generated",
    ],
  },
};

describe("a body with one property of another value", () => {
  it.each(Object.keys(bodies))("is taken exactly if the document says so: %s", async (name) => {
    const body = bodies[name] as Body;
    const document = documents[body.document];
    const schema = resolved(document, { $ref: `#/components/schemas/${body.schema}` });
    const isValid = validatorOf(document, schema);
    const properties = propertiesOf(document, schema).filter((property) => !body.except?.includes(property));
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
