import { beforeAll, describe, expect, it } from "vitest";
import { routes } from "../../src/app.ts";
import { statusOfCode } from "../../src/errors/codes.ts";
import { operators } from "../../src/query/operators.ts";
import {
  AGGREGATE_PARAMETERS,
  EXPORT_PARAMETERS,
  LIST_PARAMETERS,
  RECORD_PARAMETERS,
} from "../../src/query/parse/parameters.ts";
import { ADMIN_TOKEN, type Answer, ask, askAdmin, expectStatus } from "../support/api.ts";
import { alice, customer } from "../support/entities.ts";
import { type Parts, resolved } from "../support/find-operation.ts";
import { makeMailbox } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const METHODS = ["get", "post", "put", "patch", "delete"];
const WORKSPACE = "/api/v1/:organization/:workspace";

let w: TestWorkspace;
let workspaceDocument: Parts;
let adminDocument: Parts;
beforeAll(async () => {
  const made = await makeWorkspace(customer);
  const { key } = await made.createKey({ mayMintTokens: true });
  w = { ...made, key, api: (method, path, asking) => made.api(method, path, { token: key, ...asking }) };
  workspaceDocument = expectStatus(await w.api("GET", "/openapi.json"), 200).body;
  adminDocument = expectStatus(await askAdmin("GET", "/openapi.json"), 200).body;
});

/** `GET /Customer/{id}` and the like, for every operation. */
const operationsOf = (document: Parts): string[] =>
  Object.entries(document.paths as Parts).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => `${method.toUpperCase()} ${path}`),
  );

/** The same for every route of the service below a path. */
const routesBelow = (...prefixes: string[]): string[] =>
  routes
    .filter(({ path }) => prefixes.some((prefix) => path.startsWith(prefix)))
    .flatMap(({ path, handlers }) => Object.keys(handlers).map((method) => `${method} ${path}`))
    .map((route) => route.replaceAll(/:(\w+)/g, "{$1}"));

const sorted = (values: readonly string[]) => [...new Set(values)].sort();

describe("the documents have exactly the routes that exist", () => {
  it("of a workspace", () => {
    const base = WORKSPACE.replaceAll(/:(\w+)/g, "{$1}");
    const routes = routesBelow(WORKSPACE).map((route) =>
      route.replace(base, "").replace("{entity}", "Customer").replace("{field}", "email").replace(/ $/, " /"),
    );
    expect(sorted(operationsOf(workspaceDocument))).toEqual(sorted(routes));
  });

  it("of the admin API and the service", () => {
    const routes = routesBelow("/admin/v1", "/healthz", "/readyz");
    expect(sorted(operationsOf(adminDocument))).toEqual(sorted(routes));
  });

  it("of both together are all routes except those that are not REST resources", () => {
    const routes = sorted(routesBelow("/"));
    const described = [...routesBelow(WORKSPACE), ...routesBelow("/admin/v1", "/healthz", "/readyz")];
    const others = ["GET /docs/{organization}/{workspace}", "POST /mcp/{organization}/{workspace}"];
    expect(routes.filter((route) => !described.includes(route))).toEqual(others);
  });
});

describe("the document of a workspace", () => {
  it("has every error code, at its status, with an example", () => {
    const { responses, schemas } = workspaceDocument.components;
    const examples = Object.entries(responses as Parts).flatMap(([name, { content }]) => {
      const found = Object.entries((content?.["application/json"].examples ?? {}) as Parts);
      return found.map(([code, { value }]) => [
        code,
        value.error.code,
        Number(/^Error(\d+)-response$/.exec(name)?.[1]),
      ]);
    });
    const codes = Object.entries(statusOfCode).map(([code, status]) => [code, code, status]);
    expect(examples.sort()).toEqual(codes.sort());
    expect(schemas["shared-errorBody"].properties.code.enum).toEqual(Object.keys(statusOfCode));
  });

  it.each([
    ["/Customer", "get", LIST_PARAMETERS],
    ["/Customer", "post", RECORD_PARAMETERS],
    ["/Customer/{id}", "get", RECORD_PARAMETERS],
    ["/Customer/{id}", "put", RECORD_PARAMETERS],
    ["/Customer/{id}", "patch", RECORD_PARAMETERS],
    ["/Customer/by/email/{value}", "get", RECORD_PARAMETERS],
    ["/Customer/by/email/{value}", "put", RECORD_PARAMETERS],
    ["/Customer/aggregate", "get", AGGREGATE_PARAMETERS],
    ["/Customer/export", "get", EXPORT_PARAMETERS],
    ["/Customer/bulk", "put", ["atomic", "upsertBy"]],
    ["/Customer", "patch", ["filter", "maxAffected", "dryRun"]],
    ["/Customer", "delete", ["filter", "maxAffected", "dryRun"]],
  ])("has every query parameter of %s %s", (path, method, expected) => {
    const found = workspaceDocument.paths[path][method].parameters.map((parameter: Parts) =>
      resolved(workspaceDocument, parameter),
    );
    const names = found.filter((parameter: Parts) => parameter.in === "query").map(({ name }: Parts) => name);
    expect(sorted(names)).toEqual(sorted(expected));
  });

  it("has every operator of every field, and no other", () => {
    const names = Object.keys(workspaceDocument.components.schemas["Customer-filter"].properties);
    const used = new Set(names.map((name) => name.split(".")[1] ?? "eq"));
    expect(sorted([...used])).toEqual(sorted(Object.keys(operators)));
    expect(sorted(names.map((name) => name.split(".")[0] ?? ""))).toEqual(
      sorted(["id", "email", "name", "age", "vip"]),
    );
  });
});

/* One request per operation. `ask` itself checks that the response is as documented. */

describe("every operation of a workspace responds as documented", () => {
  const body = (email: string) => ({ ...alice, email });
  const requests: Record<string, () => Promise<Answer>> = {
    describeWorkspace: () => w.api("GET", "/"),
    describeApi: () => w.api("GET", "/openapi.json"),
    describePrincipal: () => w.api("GET", "/me"),
    createToken: () => w.api("POST", "/tokens", { body: { claims: { sub: "user_42" } } }),
    revokeTokens: () => w.api("POST", "/tokens/revoke", { body: { sub: "user_42" } }),
    transact: () =>
      w.api("POST", "/transaction", {
        body: { operations: [{ method: "POST", entity: "Customer", body: body("t@example.com") }] },
      }),
    listCustomer: () => w.api("GET", "/Customer?filter[age.gte]=1&sort=name,desc&fields=id,name&size=5"),
    createCustomer: () => w.api("POST", "/Customer?fields=id", { body: body("c@example.com") }),
    aggregateCustomer: () => w.api("GET", "/Customer/aggregate?measure=count&groupBy=vip&sort=count"),
    exportCustomer: () => w.api("GET", "/Customer/export?format=ndjson"),
    bulkCreateCustomer: () => w.api("POST", "/Customer/bulk", { body: [body("b@example.com")] }),
    bulkUpdateCustomer: () =>
      w.api("PUT", "/Customer/bulk?upsertBy=email", {
        body: [body("u@example.com")],
        headers: { Prefer: "return=representation" },
      }),
    bulkDeleteCustomer: async () => w.api("DELETE", "/Customer/bulk", { body: [await newId()] }),
    bulkDeleteByPostCustomer: async () => w.api("POST", "/Customer/bulk/delete", { body: [await newId()] }),
    updateMatchingCustomer: () =>
      w.api("PATCH", "/Customer?filter[age]=77&maxAffected=5", { body: { age: 78 } }),
    deleteMatchingCustomer: () => w.api("DELETE", "/Customer?filter[age]=77&maxAffected=5"),
    getCustomer: async () => w.api("GET", `/Customer/${await newId()}`),
    updateCustomer: async () => w.api("PUT", `/Customer/${await newId()}`, { body: { age: 1 } }),
    patchCustomer: async () => w.api("PATCH", `/Customer/${await newId()}`, { body: { age: 2 } }),
    deleteCustomer: async () => w.api("DELETE", `/Customer/${await newId()}`),
    getCustomerByEmail: async () => w.api("GET", `/Customer/by/email/${await newEmail()}`),
    updateCustomerByEmail: async () =>
      w.api("PUT", `/Customer/by/email/${await newEmail()}`, { body: { age: 1 } }),
    patchCustomerByEmail: async () =>
      w.api("PATCH", `/Customer/by/email/${await newEmail()}`, { body: { age: 2 } }),
    deleteCustomerByEmail: async () => w.api("DELETE", `/Customer/by/email/${await newEmail()}`),
  };

  async function newCustomer(): Promise<{ id: number; email: string }> {
    const email = `${crypto.randomUUID()}@example.com`;
    return expectStatus(await w.api("POST", "/Customer", { body: body(email) }), 201).body.data;
  }
  const newId = async () => (await newCustomer()).id;
  const newEmail = async () => (await newCustomer()).email;

  it("all of them are here", () => {
    expect(sorted(Object.keys(requests))).toEqual(sorted(idsOf(workspaceDocument)));
  });

  it.each(Object.keys(requests))("%s", async (id) => {
    const answer = await requests[id]?.();
    expect(answer?.status, answer?.text).toBeLessThan(300);
  });
});

describe("every operation of the admin API responds as documented", () => {
  const slug = () => `s-${crypto.randomUUID().slice(0, 13)}`;
  const idOf = async (made: Promise<Answer>) => expectStatus(await made, 201).body.data.id as string;
  const newAdminKey = () =>
    askAdmin("POST", "/admin-keys", { body: { name: "k", organization: w.organization, role: "VIEWER" } });
  const newMember = () =>
    askAdmin("POST", "/members", {
      body: { email: `${slug()}@example.com`, organization: w.organization, role: "VIEWER" },
    });
  const newOrganization = async () => {
    const body = { slug: slug(), name: "New" };
    return expectStatus(await askAdmin("POST", "/organizations", { body }), 201).body.data.slug as string;
  };
  const newEntity = async () => {
    const name = `E${crypto.randomUUID().slice(0, 8)}`;
    const columns = [{ name: "note", type: "TEXT", default: "none" }];
    expectStatus(await w.admin("POST", "/entities", { body: { name, columns } }), 201);
    return name;
  };
  const newWebhook = () =>
    w.admin("POST", "/webhooks", {
      body: { name: "hook", url: makeMailbox().url, events: ["record.deleted"], enabled: true },
    });
  const webhookId = async () => expectStatus(await newWebhook(), 201).body.data.id as string;
  const send = async (id: string) => {
    const body = { ...alice, email: `${crypto.randomUUID()}@example.com` };
    const { id: recordId } = expectStatus(await w.api("POST", "/Customer", { body }), 201).body.data;
    return w.admin("POST", `/webhooks/${id}/send`, { body: { entity: "Customer", ids: [recordId] } });
  };
  const newIssuer = () => {
    const name = slug();
    const body = { name, issuer: `https://${name}.example.com`, audience: "app" };
    return w.admin("POST", "/issuers", { body });
  };
  const newRole = () =>
    w.admin("POST", "/roles", { body: { name: slug(), permission: "READ_ONLY", scopes: null } });
  const nameOf = async (made: Promise<Answer>) => expectStatus(await made, 201).body.data.name as string;
  const requests: Record<string, () => Promise<Answer>> = {
    isHealthy: () => ask("GET", "/healthz"),
    isReady: () => ask("GET", "/readyz"),
    describeAdminApi: () => askAdmin("GET", "/openapi.json"),
    listOrganizations: () => askAdmin("GET", "/organizations?size=5&page=0"),
    createOrganization: () => askAdmin("POST", "/organizations", { body: { slug: slug(), name: "N" } }),
    getOrganization: () => askAdmin("GET", `/organizations/${w.organization}`),
    updateOrganization: () => askAdmin("PATCH", `/organizations/${w.organization}`, { body: { name: "M" } }),
    deleteOrganization: async () => askAdmin("DELETE", `/organizations/${await newOrganization()}`),
    listWorkspaces: () => askAdmin("GET", `/organizations/${w.organization}/workspaces`),
    createWorkspace: async () =>
      askAdmin("POST", `/organizations/${await newOrganization()}/workspaces`, {
        body: { slug: "w", name: "W" },
      }),
    getWorkspace: () => w.admin("GET", ""),
    updateWorkspace: () => w.admin("PATCH", "", { body: { maxExpandDepth: 2 } }),
    deleteWorkspace: async () => {
      const path = `/organizations/${await newOrganization()}/workspaces`;
      expectStatus(await askAdmin("POST", path, { body: { slug: "w", name: "W" } }), 201);
      return askAdmin("DELETE", `${path}/w?confirm=w`);
    },
    getUsage: () => w.admin("GET", "/usage"),
    listApiKeys: () => w.admin("GET", "/api-keys"),
    createApiKey: () => w.admin("POST", "/api-keys", { body: { name: "k", permission: "READ_ONLY" } }),
    getApiKey: () => w.admin("GET", `/api-keys/${w.keyId}`),
    updateApiKey: () => w.admin("PATCH", `/api-keys/${w.keyId}`, { body: { name: "renamed" } }),
    revokeApiKey: async () => w.admin("DELETE", `/api-keys/${(await w.createKey()).id}`),
    revokeTokens: () => w.admin("POST", "/tokens/revoke", { body: { sub: "user_42" } }),
    rotateApiKey: async () => w.admin("POST", `/api-keys/${(await w.createKey()).id}/rotate`),
    syncApiKeys: () => w.admin("POST", "/api-keys/sync"),
    listIssuers: () => w.admin("GET", "/issuers"),
    createIssuer: () => newIssuer(),
    getIssuer: async () => w.admin("GET", `/issuers/${await nameOf(newIssuer())}`),
    updateIssuer: async () =>
      w.admin("PATCH", `/issuers/${await nameOf(newIssuer())}`, { body: { algorithms: ["EdDSA"] } }),
    deleteIssuer: async () => w.admin("DELETE", `/issuers/${await nameOf(newIssuer())}`),
    revokeUsers: async () => w.admin("POST", `/issuers/${await nameOf(newIssuer())}/revoke`),
    listRoles: () => w.admin("GET", "/roles"),
    createRole: () => newRole(),
    getRole: async () => w.admin("GET", `/roles/${await nameOf(newRole())}`),
    updateRole: async () =>
      w.admin("PATCH", `/roles/${await nameOf(newRole())}`, { body: { permission: "READ_WRITE" } }),
    deleteRole: async () => w.admin("DELETE", `/roles/${await nameOf(newRole())}`),
    listEntities: () => w.admin("GET", "/entities"),
    createEntity: () => w.admin("POST", "/entities", { body: { name: "Created" } }),
    getEntity: () => w.admin("GET", "/entities/Customer"),
    updateEntity: async () =>
      w.admin("PATCH", `/entities/${await newEntity()}`, { body: { settings: { maxExpandDepth: 1 } } }),
    deleteEntity: async () => {
      const name = await newEntity();
      return w.admin("DELETE", `/entities/${name}?confirm=${name}`);
    },
    addColumn: async () =>
      w.admin("POST", `/entities/${await newEntity()}/columns`, { body: { name: "more", type: "JSON" } }),
    updateColumn: async () =>
      w.admin("PATCH", `/entities/${await newEntity()}/columns/note`, { body: { indexed: true } }),
    deleteColumn: async () => w.admin("DELETE", `/entities/${await newEntity()}/columns/note?confirm=note`),
    getSchema: () => w.admin("GET", "/schema"),
    putSchema: async () => {
      const { entities } = (await w.admin("GET", "/schema")).body.data;
      return w.admin("PUT", "/schema?dryRun=true", { body: { entities: [...entities, { name: "More" }] } });
    },
    listWebhooks: () => w.admin("GET", "/webhooks"),
    createWebhook: () => newWebhook(),
    getWebhook: async () => w.admin("GET", `/webhooks/${await webhookId()}`),
    updateWebhook: async () =>
      w.admin("PATCH", `/webhooks/${await webhookId()}`, { body: { headers: { "X-Team": "a" } } }),
    deleteWebhook: async () => w.admin("DELETE", `/webhooks/${await webhookId()}`),
    testWebhook: async () => w.admin("POST", `/webhooks/${await webhookId()}/test`),
    rotateWebhookSecret: async () => w.admin("POST", `/webhooks/${await webhookId()}/rotate-secret`),
    sendRecords: async () => send(await webhookId()),
    listDeliveries: async () => {
      const id = await webhookId();
      await send(id);
      return w.admin("GET", `/webhooks/${id}/deliveries`);
    },
    redeliver: async () => {
      const id = await webhookId();
      const { deliveryId } = (await send(id)).body.data;
      return w.admin("POST", `/webhooks/${id}/deliveries/${deliveryId}/redeliver`);
    },
    listAudit: () => w.admin("GET", "/audit?action=workspace.updated&from=2020-01-01T00:00:00Z&size=3"),
    listSchemaChanges: () => w.admin("GET", "/schema/changes"),
    listDeploymentAudit: () => askAdmin("GET", "/audit?action=organization.created&size=3"),
    getMe: () => askAdmin("GET", "/me"),
    listAdminKeys: () => askAdmin("GET", "/admin-keys"),
    createAdminKey: () => newAdminKey(),
    getAdminKey: async () => askAdmin("GET", `/admin-keys/${await idOf(newAdminKey())}`),
    updateAdminKey: async () =>
      askAdmin("PATCH", `/admin-keys/${await idOf(newAdminKey())}`, { body: { allowedIps: ["::1"] } }),
    revokeAdminKey: async () => askAdmin("DELETE", `/admin-keys/${await idOf(newAdminKey())}`),
    rotateAdminKey: async () => askAdmin("POST", `/admin-keys/${await idOf(newAdminKey())}/rotate`),
    listMembers: () => askAdmin("GET", "/members"),
    createMember: () => newMember(),
    getMember: async () => askAdmin("GET", `/members/${await idOf(newMember())}`),
    updateMember: async () =>
      askAdmin("PATCH", `/members/${await idOf(newMember())}`, { body: { role: "EDITOR" } }),
    deleteMember: async () => askAdmin("DELETE", `/members/${await idOf(newMember())}`),
  };

  it("all of them are here", () => {
    expect(sorted(Object.keys(requests))).toEqual(sorted(idsOf(adminDocument)));
  });

  it.each(Object.keys(requests))("%s", async (id) => {
    const answer = await requests[id]?.();
    expect(answer?.status, answer?.text).toBeLessThan(300);
  });

  it("its document is for holders of the token only", async () => {
    expectStatus(await ask("GET", "/admin/v1/openapi.json"), 401);
    expectStatus(await ask("GET", "/admin/v1/openapi.json", { token: w.key }), 401);
    const first = await ask("GET", "/admin/v1/openapi.json", { token: ADMIN_TOKEN });
    const headers = { "If-None-Match": first.headers.get("ETag") ?? "" };
    expectStatus(await askAdmin("GET", "/openapi.json", { headers }), 304);
  });
});

const idsOf = (document: Parts): string[] =>
  Object.values(document.paths as Parts).flatMap((item) =>
    METHODS.filter((method) => item[method]).map((method) => item[method].operationId as string),
  );
