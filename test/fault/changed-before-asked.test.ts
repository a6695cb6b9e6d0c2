import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { type BehindProxy, serveBehindProxy } from "../support/processes/behind-proxy.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";

/* The database refuses a write, and another write removes the reason before it can be asked for. */

const REFUSED = "refused";
const parent = { name: "Parent", columns: [{ name: "name", type: "VARCHAR" }] };
const refersTo = (relationship: string, onDelete: string) => ({
  name: `${relationship}Id`,
  references: { entity: "Parent", relationship, onDelete },
});
const child = { name: "Child", columns: [refersTo("other", "SET_NULL"), refersTo("parent", "RESTRICT")] };

let served: BehindProxy;
let w: ServedWorkspace;
/** The change between the first round trip of the request and the next. */
let meanwhile: () => Promise<unknown>;
let roundTrips = 0;

beforeAll(async () => {
  served = await serveBehindProxy(async ({ requestId }) => {
    if (requestId === REFUSED && ++roundTrips === 2) await meanwhile();
    return "PASS" as const;
  });
});
afterAll(() => served.stop());
beforeEach(async () => {
  w = await makeServedWorkspace(served.baseUrl, parent, child);
  roundTrips = 0;
  await write("POST", "/Parent", { id: 1 });
  await write("POST", "/Child", { id: 5, otherId: 1, parentId: 1 });
});

const write = (method: string, path: string, body?: object) =>
  createApiClient(served.baseUrl, w.key).require(method, w.path + path, body);

async function sendRefused(method: string, path: string, body?: object) {
  const headers = {
    Authorization: `Bearer ${w.key}`,
    "Content-Type": "application/json",
    "X-Request-Id": REFUSED,
  };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(served.baseUrl + w.path + path, init);
  expect(roundTrips).toBe(2);
  return { status: response.status, body: await response.json() };
}

const violation = (message: string) => ({ code: "FOREIGN_KEY_VIOLATION", message });
const isReferenced = violation("Record 1 is still referenced by childs.parent_id");
const isMissing = violation("Referenced parent_id '2' does not exist in parents");

it("names the reference that blocks a delete", async () => {
  meanwhile = async () => undefined;
  expect(await sendRefused("DELETE", "/Parent/1")).toEqual({ status: 400, body: { error: isReferenced } });
});

it("names the reference that blocks a cascade of the delete", async () => {
  const path = `${w.adminPath}/entities`;
  const goes = { ...child, name: "Link", columns: [refersTo("parent", "CASCADE")] };
  const stays = {
    name: "Kept",
    columns: [{ name: "linkId", references: { entity: "Link", onDelete: "RESTRICT" } }],
  };
  for (const entity of [goes, stays])
    await createApiClient(served.baseUrl, ADMIN_TOKEN).require("POST", path, entity);
  await write("POST", "/Parent", { id: 3 });
  await write("POST", "/Link/bulk", [{ parentId: 3 }, { id: 9, parentId: 3 }]);
  await write("POST", "/Kept", { linkId: 9 });
  meanwhile = async () => undefined;
  const error = violation("Record 3 is still referenced by kepts.link_id");
  expect(await sendRefused("DELETE", "/Parent/3")).toEqual({ status: 400, body: { error } });
});

it("a blocked delete keeps its error even if the blocking record is gone meanwhile", async () => {
  meanwhile = () => write("DELETE", "/Child/5");
  expect(await sendRefused("DELETE", "/Parent/1")).toEqual({ status: 400, body: { error: isReferenced } });
});

it("so does an item of a bulk delete", async () => {
  meanwhile = () => write("DELETE", "/Child/5");
  const { status, body } = await sendRefused("DELETE", "/Parent/bulk", [1]);
  expect([status, body.failed]).toEqual([200, 1]);
  expect(body.errors).toEqual([{ index: 0, error: isReferenced }]);
});

it("a create keeps its error even if the missing record exists meanwhile", async () => {
  meanwhile = () => write("POST", "/Parent", { id: 2 });
  const created = await sendRefused("POST", "/Child", { parentId: 2 });
  expect(created).toEqual({ status: 400, body: { error: isMissing } });
});
