import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { Platform } from "../../src/db/platform.ts";
import { serviceUnavailable } from "../../src/errors/api-errors.ts";
import { openServices } from "../../src/http/context.ts";
import worker from "../../src/index.ts";
import type { Database } from "../../src/libsql/database.ts";
import type { WorkspaceContext } from "../../src/services/context.ts";
import { rotateSecret } from "../../src/services/webhooks/rotate-secret.ts";
import { updateWebhook } from "../../src/services/webhooks/update-webhook.ts";
import { ADMIN_TOKEN, expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { customer, order } from "../support/entities.ts";
import { ALL_EVENTS, listen, makeMailbox } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
});

const input = { name: "Shipping", url: "https://example.com/hook", events: ["record.created"] };
const create = (body: object) => w.admin("POST", "/webhooks", { body });

describe("a webhook", () => {
  it("is shown as created, and its secret only once", async () => {
    const body = { ...input, entities: ["Order"], headers: { Authorization: "Bearer x" } };
    const { secret, ...made } = expectStatus(await create(body), 201).body.data;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(made).toEqual({
      id: expect.stringMatching(/^whk_\w{17}$/),
      ...body,
      enabled: true,
      filter: null,
      expand: null,
      signature: "v1",
      publicKey: null,
      createdAt: expect.any(String),
      updatedAt: made.createdAt,
    });
    expect((await w.admin("GET", `/webhooks/${made.id}`)).body).toEqual({ data: made });
    const listed = await w.admin("GET", "/webhooks?size=100");
    expect(listed.body.data).toContainEqual(made);
    expect(listed.text).not.toContain(secret);
  });

  it("has its secret stored encrypted only", async () => {
    const secret = `whsec_${btoa("0123456789abcdef0123456789abcdef")}`;
    const { id } = expectStatus(await create({ ...input, secret }), 201).body.data;
    const [[stored] = []] = await runSql("SELECT sealed_secret FROM webhooks WHERE id = ?", [id]);
    expect(stored).toMatch(/^v1\.[A-Za-z0-9+/=]+$/);
    expect(atob(String(stored).slice(3))).not.toContain("0123456789abcdef");
  });

  it("gets another secret by rotation, its own or a given one", async () => {
    const { id, secret } = expectStatus(await create(input), 201).body.data;
    const rotate = async (body?: object) =>
      expectStatus(await w.admin("POST", `/webhooks/${id}/rotate-secret`, { body }), 200).body.data;
    const rotated = await rotate();
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(secret);
    expect((await rotate({ secret })).secret).toBe(secret);
  });

  it("changes the sent properties, and drops deleted entities", async () => {
    const { id } = expectStatus(await create(input), 201).body.data;
    const patch = (body: object) => w.admin("PATCH", `/webhooks/${id}`, { body });
    const changes = { name: "Other", events: ALL_EVENTS, entities: ["Customer"], enabled: false };
    expect(expectStatus(await patch(changes), 200).body.data).toMatchObject({ ...changes, url: input.url });
    expect((await patch({ entities: null })).body.data.entities).toBe(null);
    expectStatus(await w.admin("DELETE", `/webhooks/${id}`), 204);
    const gone = { code: "NOT_FOUND", message: `Webhook not found: ${id}` };
    expectFailure(await patch({ name: "x" }), 404, gone);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/rotate-secret"],
    ] as const) {
      expectFailure(await w.admin(method, `/webhooks/${id}${path}`), 404, gone);
    }
  });

  it("follows the entity that it names through a rename, and outlives it", async () => {
    const own = await makeWorkspace({ name: "Draft" }, { name: "Other" });
    const { id } = await listen(own, { url: input.url }, { entities: ["Draft", "Other"] });
    expectStatus(await own.admin("PATCH", "/entities/Draft", { body: { name: "Note" } }), 200);
    const read = async () => (await own.admin("GET", `/webhooks/${id}`)).body.data.entities;
    expect(await read()).toEqual(["Note", "Other"]);
    expectStatus(await own.admin("DELETE", "/entities/Other?confirm=Other"), 204);
    expect(await read()).toEqual(["Note"]);
  });

  it("belongs to its workspace alone", async () => {
    const other = await makeWorkspace();
    const { id } = expectStatus(await create(input), 201).body.data;
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const asking = method === "PATCH" ? { body: { name: "x" } } : {};
      expectStatus(await other.admin(method, `/webhooks/${id}`, asking), 404);
    }
    expectStatus(await other.admin("POST", `/webhooks/${id}/rotate-secret`), 404);
    expectStatus(await w.admin("GET", `/webhooks/${id}`), 200);
  });

  it("goes with its workspace", async () => {
    const own = await makeWorkspace(customer);
    const { id } = await listen(own, makeMailbox());
    expectStatus(await own.api("POST", "/Customer", { body: { email: "a@b.c", name: "A" } }), 201);
    expectStatus(await own.admin("DELETE", `?confirm=${own.workspace}`), 204);
    expect(await runSql("SELECT id FROM webhooks WHERE id = ?", [id])).toEqual([]);
    expect(await runSql("SELECT id FROM webhook_deliveries WHERE webhook_id = ?", [id])).toEqual([]);
  });
});

describe("a change of a webhook", () => {
  /** An admin whose database fails right after it has committed a write. */
  function adminUntilCommit(): WorkspaceContext {
    let isAway = false;
    const services = openServices(env, "test");
    const run = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isAway) throw serviceUnavailable("away");
      return work();
    };
    const database: Database = {
      ...services.database,
      read: (statements) => run(() => services.database.read(statements)),
      async write(statements) {
        const results = await run(() => services.database.write(statements));
        isAway = true;
        return results;
      },
    };
    const { organization, workspace } = w;
    const address = { organization, workspace };
    return { ...services, database, platform: new Platform(database), actor: { kind: "ADMIN" }, address };
  }

  it("of its secret gets its response even if the follow-up fails, because an unseen secret would be lost", async () => {
    const { id, secret, ...made } = expectStatus(await create({ ...input, entities: ["Order"] }), 201).body
      .data;
    const rotated = await rotateSecret(adminUntilCommit(), { id, body: {} });
    expect(rotated).toEqual({ id, ...made, secret: rotated.secret, updatedAt: rotated.updatedAt });
    expect(rotated.secret).not.toBe(secret);
  });

  it("gets its response once it is done", async () => {
    const { id, secret: _, ...made } = expectStatus(await create(input), 201).body.data;
    const body = { name: "Other", entities: ["Customer", "Order"], headers: { "X-A": "1" }, enabled: false };
    const updated = await updateWebhook(adminUntilCommit(), { id, body });
    expect(updated).toEqual({ id, ...made, ...body, updatedAt: updated.updatedAt });
    expect((await w.admin("GET", `/webhooks/${id}`)).body.data).toEqual(updated);
  });
});

describe("what is wrong with a webhook", () => {
  const details = async (body: object) => expectStatus(await create(body), 422).body.error.details;

  it("is reported together, with paths", async () => {
    expect(await details({ url: "ftp://x", events: ["record.read"], colour: "red" })).toEqual([
      { field: "name", message: "is required" },
      { field: "url", message: "must be an http or https URL" },
      {
        field: "events[0]",
        message: "must be one of: record.created, record.updated, record.deleted",
      },
      { field: "colour", message: "is not a known property" },
    ]);
    expect(await details({ ...input, events: [] })).toEqual([
      { field: "events", message: "must have at least 1 item" },
    ]);
    expect(await details({ ...input, entities: ["Order", "Nothing"] })).toEqual([
      { field: "entities[1]", message: "is not an entity" },
    ]);
  });

  it.each([
    "Host",
    "webhook-signature",
    "User-Agent",
    "X-SchemaStack-Delivery-Id",
    "content-length",
    "Cookie",
  ])("may be the header %s", async (name) => {
    expect(await details({ ...input, headers: { [name]: "x" } })).toEqual([
      { field: `headers.${name}`, message: "cannot be set: deliveries set it themselves" },
    ]);
  });

  it.each([{ "a b": "x" }, { ok: "line\r\nInjected: yes" }, { ok: "é" }, { "": "x" }])(
    "may be the headers %j",
    async (headers) => {
      expect(await details({ ...input, headers })).toHaveLength(1);
    },
  );

  it.each(["whsec_", "whsec_c2hvcnQ=", "secret", `whsec_${"A".repeat(100)}`, `whsec_${"!".repeat(40)}`])(
    "may be the secret %s",
    async (secret) => {
      expect(await details({ ...input, secret })).toEqual([
        { field: "secret", message: "must be whsec_ followed by the base64 of 24 to 64 bytes" },
      ]);
    },
  );
});

describe("a deployment", () => {
  const send = (variables: object, body: object) => {
    const request = new Request(`https://edge.test/admin/v1${w.adminPath}/webhooks`, {
      method: "POST",
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return worker.fetch(request, { ...env, ...variables }, createExecutionContext());
  };

  it("without WEBHOOK_SECRET_KEY says so", async () => {
    const response = await send({ WEBHOOK_SECRET_KEY: undefined }, input);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      error: {
        code: "SERVICE_UNAVAILABLE",
        message: "Webhooks are not available: this deployment has no WEBHOOK_SECRET_KEY",
      },
    });
  });

  it.each([
    ["http://example.com/", "must be an https URL"],
    ["https://169.254.169.254/latest", "must not point to a private, local or reserved address"],
    ["https://user:pass@example.com/", "must not contain credentials"],
  ])("refuses %s unless it is told otherwise", async (url, message) => {
    const strict = { ALLOW_HTTP_WEBHOOKS: undefined, ALLOW_PRIVATE_WEBHOOKS: undefined };
    const response = await send(strict, { ...input, url });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: { details: [{ field: "url", message }] } });
  });
});
