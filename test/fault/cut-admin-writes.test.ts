import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type BehindProxy, serveBehindProxy } from "../support/processes/behind-proxy.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { cutEverywhere } from "../support/processes/cut-everywhere.ts";
import type { Fate } from "../support/processes/http-proxy.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";

/*
 * Admin changes with the connection to the database cut at each round trip, before and after it ran. A confirmed change
 * holds, an unconfirmed one is done completely or not at all, and repeating it ends in the right state.
 */

const item = { name: "Item", columns: [{ name: "name", type: "VARCHAR" }] };
/** The request to cut. Others, such as scheduled ones, are not cut. */
const CUT = "cut-me";

let served: BehindProxy;
let w: ServedWorkspace;
let keyId = "";
let webhookId = "";
let fateOf: (roundTrip: number) => Fate = () => "PASS";
let roundTrips = 0;

beforeAll(async () => {
  served = await serveBehindProxy(({ requestId }) => (requestId === CUT ? fateOf(++roundTrips) : "PASS"));
});
afterAll(() => served.stop());
beforeEach(startAgain);

async function startAgain(): Promise<void> {
  fateOf = () => "PASS";
  w = await makeServedWorkspace(served.baseUrl, item);
  keyId = (await get("/api-keys")).body.data[0].id;
  webhookId = (await send("POST", `${w.adminPath}/webhooks`, webhook)).body.data.id;
  expect((await send("GET", `${w.path}/Item`, undefined, w.key)).status).toBe(200);
}

async function send(method: string, path: string, body?: object, token = ADMIN_TOKEN, requestId = "") {
  const response = await fetch(served.baseUrl + path, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
      "X-Request-Id": requestId,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}
const get = (below: string) => send("GET", w.adminPath + below);

const webhook = { name: "first", url: "https://receiver.invalid/", events: ["record.created"] };
const key = { name: "second", permission: "READ_WRITE" };

/** Lists each thing once. A thing without a name of its own is listed twice if it was created twice. */
const namesOf = async (below: string) => {
  const { body } = await get(below);
  return [...new Set((body.data as { name: string }[]).map(({ name }) => name))].sort();
};
const fieldOf = (below: string, field: string) => async () => (await get(below)).body.data[field];
const statusOf = (below: string) => async () => (await get(below)).status;
const entities = () => namesOf("/entities");
const columns = async () =>
  (await get("/entities/Item")).body.data.columns.map(({ name }: { name: string }) => name);
const use = async () => (await send("GET", `${w.path}/Item`, undefined, w.key)).status;

interface Write {
  readonly what: string;
  readonly method: string;
  /** Relative to the workspace, or to its organization. */
  readonly path: () => string;
  readonly body?: () => object;
  readonly status: number;
  /** The status if it was done before. */
  readonly again: number;
  readonly look: () => Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
}

const writes: readonly Write[] = [
  {
    what: "a new organization",
    method: "POST",
    path: () => "/admin/v1/organizations",
    body: () => ({ slug: `${w.organization}-new`, name: "N" }),
    status: 201,
    again: 409,
    look: async () => (await send("GET", `/admin/v1/organizations/${w.organization}-new`)).status,
    before: 404,
    after: 200,
  },
  {
    what: "a new workspace",
    method: "POST",
    path: () => `/admin/v1/organizations/${w.organization}/workspaces`,
    body: () => ({ slug: "new", name: "N" }),
    status: 201,
    again: 409,
    look: async () => (await send("GET", `/admin/v1/organizations/${w.organization}/workspaces/new`)).status,
    before: 404,
    after: 200,
  },
  {
    what: "read-only mode",
    method: "PATCH",
    path: () => w.adminPath,
    body: () => ({ accessMode: "READ_ONLY" }),
    status: 200,
    again: 200,
    look: fieldOf("", "accessMode"),
    before: "ACTIVE",
    after: "READ_ONLY",
  },
  {
    what: "the end of a workspace",
    method: "DELETE",
    path: () => `${w.adminPath}?confirm=${w.workspace}`,
    status: 204,
    again: 404,
    look: async () => [await statusOf("")(), await use()],
    before: [200, 200],
    after: [404, 401],
  },
  {
    what: "a new entity",
    method: "POST",
    path: () => `${w.adminPath}/entities`,
    body: () => ({ ...item, name: "More" }),
    status: 201,
    again: 409,
    look: entities,
    before: ["Item"],
    after: ["Item", "More"],
  },
  {
    what: "a new name of an entity",
    method: "PATCH",
    path: () => `${w.adminPath}/entities/Item`,
    body: () => ({ name: "Thing" }),
    status: 200,
    again: 404,
    look: entities,
    before: ["Item"],
    after: ["Thing"],
  },
  {
    what: "the end of an entity",
    method: "DELETE",
    path: () => `${w.adminPath}/entities/Item?confirm=Item`,
    status: 204,
    again: 404,
    look: entities,
    before: ["Item"],
    after: [],
  },
  {
    what: "a whole schema",
    method: "PUT",
    path: () => `${w.adminPath}/schema`,
    body: () => ({ entities: [item, { ...item, name: "More" }, { ...item, name: "Most" }] }),
    status: 200,
    again: 200,
    look: entities,
    before: ["Item"],
    after: ["Item", "More", "Most"],
  },
  {
    what: "a new column",
    method: "POST",
    path: () => `${w.adminPath}/entities/Item/columns`,
    body: () => ({ name: "more", type: "INTEGER" }),
    status: 201,
    again: 409,
    look: columns,
    before: ["name"],
    after: ["name", "more"],
  },
  {
    what: "the end of a column",
    method: "DELETE",
    path: () => `${w.adminPath}/entities/Item/columns/name?confirm=name`,
    status: 204,
    again: 404,
    look: columns,
    before: ["name"],
    after: [],
  },
  {
    what: "a new key",
    method: "POST",
    path: () => `${w.adminPath}/api-keys`,
    body: () => key,
    status: 201,
    again: 201,
    look: () => namesOf("/api-keys"),
    before: ["test"],
    after: ["second", "test"],
  },
  {
    what: "a key that reads only",
    method: "PATCH",
    path: () => `${w.adminPath}/api-keys/${keyId}`,
    body: () => ({ permission: "READ_ONLY" }),
    status: 200,
    again: 200,
    look: async () => (await send("POST", `${w.path}/Item/bulk`, [], w.key)).status,
    before: 400,
    after: 403,
  },
  {
    what: "a revoked key",
    method: "DELETE",
    path: () => `${w.adminPath}/api-keys/${keyId}`,
    status: 204,
    again: 204,
    look: use,
    before: 200,
    after: 401,
  },
  {
    what: "a rotated key",
    method: "POST",
    path: () => `${w.adminPath}/api-keys/${keyId}/rotate`,
    body: () => ({}),
    status: 200,
    again: 200,
    look: use,
    before: 200,
    after: 401,
  },
  {
    what: "a new webhook",
    method: "POST",
    path: () => `${w.adminPath}/webhooks`,
    body: () => ({ ...webhook, name: "second" }),
    status: 201,
    again: 201,
    look: () => namesOf("/webhooks"),
    before: ["first"],
    after: ["first", "second"],
  },
  {
    what: "a webhook that is off",
    method: "PATCH",
    path: () => `${w.adminPath}/webhooks/${webhookId}`,
    body: () => ({ enabled: false }),
    status: 200,
    again: 200,
    look: () => fieldOf(`/webhooks/${webhookId}`, "enabled")(),
    before: true,
    after: false,
  },
  {
    what: "the end of a webhook",
    method: "DELETE",
    path: () => `${w.adminPath}/webhooks/${webhookId}`,
    status: 204,
    again: 404,
    look: () => namesOf("/webhooks"),
    before: ["first"],
    after: [],
  },
];

it.each(writes)("$what", async ({ method, path, body, status, again, look, before, after }) => {
  await cutEverywhere(async ({ at, fate }) => {
    await startAgain();
    expect(await look()).toEqual(before);
    const sent = [method, path(), body?.()] as const;
    roundTrips = 0;
    fateOf = (roundTrip) => (roundTrip === at ? fate : "PASS");
    const answer = await send(...sent, ADMIN_TOKEN, CUT);
    if (roundTrips < at) return false;
    const where = `${fate} ${at}`;
    const left = await look();
    if (answer.status === 503) expect([before, after], where).toContainEqual(left);
    else expect([where, answer.status, left]).toEqual([where, status, after]);
    fateOf = () => "PASS";
    if (answer.status === 503) {
      const { status: repeated } = await send(...sent, ADMIN_TOKEN, CUT);
      expect([where, repeated]).toEqual([where, isDeepStrictEqual(left, after) ? again : status]);
    }
    expect([where, await look()]).toEqual([where, after]);
    return true;
  });
});

it("a key whose response was lost does not exist, or can be found and revoked", async () => {
  const liveKeys = async () => {
    const all: { id: string; name: string; revokedAt: string | null }[] = (await get("/api-keys")).body.data;
    return all.filter(({ revokedAt }) => revokedAt === null);
  };
  fateOf = () => "CUT_AFTER";
  expect((await send("POST", `${w.adminPath}/api-keys`, key, ADMIN_TOKEN, CUT)).status).toBe(503);
  const others = (await liveKeys()).filter(({ id }) => id !== keyId);
  for (const { id } of others) {
    expect((await send("DELETE", `${w.adminPath}/api-keys/${id}`)).status).toBe(204);
  }
  expect((await liveKeys()).map(({ id }) => id)).toEqual([keyId]);
});

it("a key whose rotation response was lost works after another rotation", async () => {
  fateOf = () => "CUT_AFTER";
  const path = `${w.adminPath}/api-keys/${keyId}/rotate`;
  expect((await send("POST", path, {}, ADMIN_TOKEN, CUT)).status).toBe(503);
  fateOf = () => "PASS";
  const rotated = await send("POST", path, {});
  expect(rotated.status).toBe(200);
  expect((await send("GET", `${w.path}/Item`, undefined, rotated.body.data.key)).status).toBe(200);
  expect(await use()).toBe(401);
});
