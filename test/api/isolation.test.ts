import { beforeAll, describe, expect, it } from "vitest";
import { routes } from "../../src/app.ts";
import { ask, askAdmin, expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { alice, customer, order } from "../support/entities.ts";
import { listen, makeMailbox } from "../support/webhooks.ts";
import { makeWorkspace, makeWorkspaceIn, type TestWorkspace } from "../support/workspace.ts";

/* Two workspaces with the same names in one organization, and one in another. */

let [one, two, abroad]: TestWorkspace[] = [];
const workspaces = () => [one, two, abroad].filter((w) => w !== undefined);

beforeAll(async () => {
  one = await makeWorkspace(customer, order);
  two = await makeWorkspaceIn(one.organization, [customer, order]);
  abroad = await makeWorkspace(customer, order);
  for (const w of workspaces()) {
    const body = { email: "same@example.com", name: w.workspace };
    expectStatus(await w.api("POST", "/Customer", { body }), 201);
  }
});

/** Each method, and an unknown one, on each path below the prefix. */
function requestsTo(prefix: string, w: TestWorkspace): readonly (readonly [method: string, path: string])[] {
  const { organization, workspace } = w;
  const values: Readonly<Record<string, string>> = { organization, workspace, entity: "Customer" };
  const paths = routes.map(({ path }) => path).filter((path) => path.startsWith(prefix));
  expect(paths).not.toEqual([]);
  const filled = paths.map((path) => path.replace(/:(\w+)/g, (_, name) => values[name] ?? "1"));
  return filled.flatMap((path) =>
    ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"].map((method) => [method, path] as const),
  );
}

describe("two workspaces", () => {
  it("with equal entities have separate records", async () => {
    for (const w of workspaces()) {
      const { body } = expectStatus(await w.api("GET", "/Customer"), 200);
      expect(body.data.map(({ name }: { name: string }) => name)).toEqual([w.workspace]);
    }
  });

  it("refuse each other's keys, on every method and path", async () => {
    const foreign = { code: "UNAUTHORIZED", message: "API key is not valid for this workspace" };
    for (const w of workspaces()) {
      for (const other of workspaces().filter((candidate) => candidate !== w)) {
        for (const prefix of ["/api/v1/:organization/:workspace", "/mcp/:organization/:workspace"]) {
          for (const [method, path] of requestsTo(prefix, other)) {
            const body = method === "GET" ? undefined : {};
            expectFailure(await ask(method, path, { token: w.key, body }), 401, foreign);
          }
        }
      }
    }
  });

  it("have keys that cannot use the admin API, on any method and path", async () => {
    const refused = { code: "UNAUTHORIZED", message: "Invalid admin token" };
    for (const w of workspaces()) {
      for (const [method, path] of requestsTo("/admin/v1", w)) {
        const body = method === "GET" ? undefined : {};
        expectFailure(await ask(method, path, { token: w.key, body }), 401, refused);
      }
    }
  });

  it("do not share a key that KV and the database assign to different workspaces", async () => {
    const [v, other] = [await makeWorkspace(customer), await makeWorkspace(customer)];
    expectStatus(await v.api("GET", "/Customer"), 200);
    const owner = "SELECT workspace_id FROM api_keys WHERE id = ?";
    await runSql(`UPDATE api_keys SET workspace_id = (${owner}) WHERE id = ?`, [other.keyId, v.keyId]);
    const foreign = { code: "UNAUTHORIZED", message: "API key is not valid for this workspace" };
    for (const w of [v, other]) {
      expectFailure(await ask("GET", `${w.apiPath}/Customer`, { token: v.key }), 401, foreign);
      expectFailure(await ask("POST", `${w.apiPath}/Customer`, { token: v.key, body: alice }), 401, foreign);
    }
  });

  it("that do not exist look like foreign ones", async () => {
    for (const path of ["/api/v1/nobody/nothing/Customer", `/api/v1/${one?.organization}/nothing/Customer`]) {
      expectFailure(await ask("GET", path, { token: one?.key ?? "" }), 401, {
        code: "UNAUTHORIZED",
        message: "API key is not valid for this workspace",
      });
    }
  });

  it("do not reach each other's keys through the admin's paths", async () => {
    const path = `${two?.adminPath}/api-keys/${one?.keyId}`;
    for (const [method, suffix, body] of [
      ["GET", "", undefined],
      ["PATCH", "", { name: "mine" }],
      ["DELETE", "", undefined],
      ["POST", "/rotate", {}],
    ] as const) {
      expectFailure(await askAdmin(method, path + suffix, { body }), 404, {
        code: "NOT_FOUND",
        message: `API key not found: ${one?.keyId}`,
      });
    }
    for (const w of workspaces()) expectStatus(await w.api("GET", "/Customer"), 200);
  });

  it("use each other's cursors as positions in their own records only", async () => {
    const [v, other] = [await makeWorkspace(customer), await makeWorkspace(customer)];
    for (const [w, name] of [
      [v, "mine"],
      [other, "theirs"],
    ] as const) {
      const items = Array.from({ length: 6 }, (_, i) => ({
        email: `${i}@example.com`,
        name: `${name} ${i}`,
      }));
      expectStatus(await w.api("POST", "/Customer/bulk", { body: items }), 200);
    }
    const query = "/Customer?size=2&sort=name&cursor=";
    const { nextCursor } = (await other.api("GET", query)).body.meta;
    const answer = await v.api("GET", query + encodeURIComponent(nextCursor));
    expect([200, 400]).toContain(answer.status);
    expect(answer.text).not.toContain("theirs");
  });

  it("do not share Idempotency-Keys", async () => {
    const [v, other] = [await makeWorkspace(customer), await makeWorkspace(customer)];
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const body = { email: "same@example.com", name: "Same" };
    for (const w of [v, other]) {
      const created = expectStatus(await w.api("POST", "/Customer", { body, headers }), 201);
      expect(created.headers.get("Idempotent-Replayed")).toBeNull();
      expect((await w.api("GET", "/Customer")).body.meta.totalElements).toBe(1);
    }
  });

  it("do not reach each other's webhooks or events", async () => {
    const [v, other] = [await makeWorkspace(customer), await makeWorkspace(customer)];
    const [box, otherBox] = [makeMailbox(), makeMailbox()];
    const { id } = await listen(v, box);
    await listen(other, otherBox);
    for (const [method, suffix, body] of [
      ["GET", "", undefined],
      ["PATCH", "", { enabled: false }],
      ["DELETE", "", undefined],
      ["POST", "/rotate-secret", {}],
      ["POST", "/send", { entity: "Customer", ids: [1] }],
      ["GET", "/deliveries", undefined],
    ] as const) {
      expectFailure(await other.admin(method, `/webhooks/${id}${suffix}`, { body }), 404, {
        code: "NOT_FOUND",
        message: `Webhook not found: ${id}`,
      });
    }
    const body = { email: "heard@example.com", name: "Heard" };
    expectStatus(await v.api("POST", "/Customer", { body }), 201);
    expect((await box.messages(1))[0]).toMatchObject({ data: { record: { name: "Heard" } } });
    expect(await otherBox.received()).toEqual([]);
  });

  it("that are deleted and created again under the same slug share nothing with the old one", async () => {
    const old = await makeWorkspace(customer);
    expectStatus(await old.api("POST", "/Customer", { body: { email: "a@b.c", name: "Old" } }), 201);
    expectStatus(await old.admin("DELETE", `?confirm=${old.workspace}`), 204);
    expectFailure(await old.api("GET", "/Customer"), 401, {
      code: "UNAUTHORIZED",
      message: "Invalid API key",
    });
    const body = { slug: old.workspace, name: "New" };
    expectStatus(await askAdmin("POST", `/organizations/${old.organization}/workspaces`, { body }), 201);
    expectFailure(await old.api("GET", "/Customer"), 401, {
      code: "UNAUTHORIZED",
      message: "Invalid API key",
    });
    await old.define(customer);
    const { key } = await old.createKey();
    expect((await ask("GET", `${old.apiPath}/Customer`, { token: key })).body.data).toEqual([]);
  });
});
