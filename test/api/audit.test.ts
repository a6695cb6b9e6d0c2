import { describe, expect, it } from "vitest";
import { ask, askAdmin, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace } from "../support/workspace.ts";

type Entry = {
  id: string;
  at: string;
  action: string;
  subject: string;
  requestId: string;
  before: unknown;
  after: unknown;
};

describe("the audit", () => {
  it("records every admin change with what was before and after, never a secret", async () => {
    const w = await makeWorkspace({ name: "Note", columns: [] });
    const headers = { "X-Request-Id": "audited-request" };
    expectStatus(await w.admin("PATCH", "", { body: { name: "Renamed" }, headers }), 200);
    expectStatus(await w.admin("PATCH", `/api-keys/${w.keyId}`, { body: { allowedIps: ["::1"] } }), 200);
    const rotated = expectStatus(await w.admin("POST", `/api-keys/${w.keyId}/rotate`, { body: {} }), 200);
    expectStatus(await w.admin("DELETE", `/api-keys/${w.keyId}`), 204);
    const column = { name: "text", type: "TEXT" };
    expectStatus(await w.admin("POST", "/entities/Note/columns", { body: column }), 201);
    const { body, text } = expectStatus(await w.admin("GET", "/audit"), 200);
    const entries: Entry[] = body.data;
    expect(entries.map(({ action }) => action)).toEqual([
      "schema.changed",
      "api-key.revoked",
      "api-key.rotated",
      "api-key.updated",
      "workspace.updated",
      "schema.changed",
      "api-key.created",
      "workspace.created",
    ]);
    expect(body.meta.totalElements).toBe(8);
    expect(entries[4]).toMatchObject({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      requestId: "audited-request",
      subject: w.workspace,
      before: { name: "Test" },
      after: { name: "Renamed" },
    });
    expect(entries[3]).toMatchObject({
      subject: w.keyId,
      before: { allowedIps: null },
      after: { allowedIps: ["::1"] },
    });
    expect(entries[1]).toMatchObject({
      before: { revokedAt: null },
      after: { revokedAt: expect.any(String) },
    });
    expect(entries[6]).toMatchObject({
      subject: w.keyId,
      before: null,
      after: { permission: "READ_WRITE", mayMintTokens: false, mayWriteTimestamps: false },
    });
    expect(entries[0]).toMatchObject({
      before: { version: 1 },
      after: { version: 2, changes: [{ kind: "ADD_COLUMN", entity: "Note", column: "text", risk: "SAFE" }] },
    });
    for (const secret of [w.key, rotated.body.data.key, "hash", "migrationToken"])
      expect(text).not.toContain(secret);
  });

  it("has one entry for a key that is revoked twice, concurrently or later", async () => {
    const w = await makeWorkspace();
    const { id } = await w.createKey();
    const revoke = async () => expectStatus(await w.admin("DELETE", `/api-keys/${id}`), 204);
    const entries = async () => (await w.admin("GET", `/audit?subject=${id}`)).body.data;
    await Promise.all([revoke(), revoke(), revoke()]);
    const { data: revoked } = (await w.admin("GET", `/api-keys/${id}`)).body;
    await revoke();
    expect((await w.admin("GET", `/api-keys/${id}`)).body.data).toEqual(revoked);
    expect(await entries()).toMatchObject([
      {
        action: "api-key.revoked",
        before: { revokedAt: null, version: 1 },
        after: { revokedAt: revoked.revokedAt, version: 2 },
      },
      { action: "api-key.created" },
    ]);
    const missing = await w.admin("DELETE", "/api-keys/key_none");
    expectFailure(missing, 404, { code: "NOT_FOUND", message: "API key not found: key_none" });
  });

  it("is filtered by action, subject and time", async () => {
    const w = await makeWorkspace({ name: "Note", columns: [] });
    const actions = async (query: string) =>
      (await w.admin("GET", `/audit?${query}`)).body.data.map(({ action }: Entry) => action);
    expect(await actions("action=schema.changed")).toEqual(["schema.changed"]);
    expect(await actions(`subject=${w.keyId}`)).toEqual(["api-key.created"]);
    expect(await actions("to=2020-01-01T00:00:00Z")).toEqual([]);
    expect(await actions("from=2020-01-01T00:00:00Z&size=1")).toEqual(["schema.changed"]);
    expectFailure(await w.admin("GET", "/audit?from=yesterday"), 400, {
      code: "BAD_REQUEST",
      message: "Invalid from 'yesterday' — use a date-time (ISO 8601)",
    });
    expect((await w.admin("GET", "/audit?acton=x")).status).toBe(400);
  });

  it("has no entries for refused changes", async () => {
    const w = await makeWorkspace();
    expect((await w.admin("PATCH", "/api-keys/key_none", { body: { name: "x" } })).status).toBe(404);
    expect(
      (await askAdmin("POST", "/organizations", { body: { slug: w.organization, name: "x" } })).status,
    ).toBe(409);
    const { data } = (await w.admin("GET", "/audit")).body;
    expect(data.map(({ action }: Entry) => action)).toEqual(["api-key.created", "workspace.created"]);
  });
});

describe("lastUsedAt", () => {
  it("is written after the response to the first use", async () => {
    const w = await makeWorkspace({ name: "Note", columns: [] });
    const { id, key } = await w.createKey();
    const lastUsedAt = async () => (await w.admin("GET", `/api-keys/${id}`)).body.data.lastUsedAt;
    expect(await lastUsedAt()).toBeNull();
    const before = new Date().toISOString();
    expectStatus(await ask("GET", `${w.apiPath}/Note`, { token: key }), 200);
    await expect.poll(lastUsedAt).not.toBeNull();
    expect((await lastUsedAt()) >= before).toBe(true);
  });
});
