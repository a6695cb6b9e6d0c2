import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { forgetOldRequests } from "../../src/fence/replay.ts";
import { openServices } from "../../src/http/context.ts";
import type { ServiceContext } from "../../src/services/context.ts";
import { forgetRevocations } from "../../src/services/tokens/forget-revocations.ts";
import { expireEvents } from "../../src/services/webhooks/expire-events.ts";
import { expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { customer } from "../support/entities.ts";
import { listen } from "../support/webhooks.ts";
import { makeWorkspace } from "../support/workspace.ts";

const MANY = 2500;
const COUNTED =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST(? AS INTEGER))";
const countOf = async (sql: string, id: string) => Number((await runSql(sql, [id]))[0]?.[0]);
const dayAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

describe("one run removes everything that is too old, and nothing else", () => {
  it("of events", async () => {
    const w = await makeWorkspace(customer);
    const { id } = await listen(w, { url: "https://example.com/hook" }, { enabled: false });
    const insert = (count: number, at: string) =>
      runSql(
        `${COUNTED} INSERT INTO webhook_events (workspace_id, message_id, type, entity_id, entity_name, record_id, created_at)
          SELECT (SELECT workspace_id FROM webhooks WHERE id = ?), 'msg', 'record.created', 'ent', 'Customer', i, ? FROM n`,
        [String(count), id, at],
      );
    await insert(MANY, dayAgo(30.1));
    await insert(3, dayAgo(29.9));
    await expireEvents(openServices(env, "test"));
    const left = `SELECT count(*) FROM webhook_events
      WHERE workspace_id = (SELECT workspace_id FROM webhooks WHERE id = ?)`;
    expect(await countOf(left, id)).toBe(3);
  });

  it("of answers to requests with an Idempotency-Key", async () => {
    const { keyId } = await makeWorkspace();
    const insert = (count: number, at: string) =>
      runSql(
        `${COUNTED} INSERT INTO idempotency (workspace_id, principal, key, position, content, created_at)
          SELECT (SELECT workspace_id FROM api_keys WHERE id = ?), ?, ? || (i / 7), i, '{}', ? FROM n`,
        [String(count), keyId, keyId, at, at],
      );
    await insert(MANY, dayAgo(1.1));
    await insert(3, dayAgo(0.9));
    await forgetOldRequests(openServices(env, "test"));
    expect(await countOf("SELECT count(*) FROM idempotency WHERE principal = ?", keyId)).toBe(3);
  });

  it("of revocations, whose tokens have all expired", async () => {
    const { keyId } = await makeWorkspace();
    const insert = (count: number, at: string) =>
      runSql(
        `${COUNTED} INSERT INTO token_revocations (workspace_id, key_id, subject, revoked_before)
          SELECT (SELECT workspace_id FROM api_keys WHERE id = ?), ?, ? || i, ? FROM n`,
        [String(count), keyId, keyId, at, at],
      );
    await insert(MANY, dayAgo(1.1));
    await insert(3, dayAgo(0.9));
    await forgetRevocations(openServices(env, "test"));
    expect(await countOf("SELECT count(*) FROM token_revocations WHERE key_id = ?", keyId)).toBe(3);
  });
});

it.each([
  ["events", expireEvents],
  ["answers", forgetOldRequests],
  ["revocations", forgetRevocations],
])("a run that finds no end of %s leaves the rest to the next, within its requests", async (_, remove) => {
  let writes = 0;
  const services = openServices(env, "test");
  const ctx: ServiceContext = {
    ...services,
    database: {
      ...services.database,
      async write() {
        writes++;
        return [[], [[1000]]];
      },
    },
  };
  await remove(ctx);
  expect(writes).toBe(20);
});

describe("the stored outcome for an Idempotency-Key is the content of its response", () => {
  const LENGTH = 50_000;
  const COUNT = 10;
  const body = [...Array.from({ length: COUNT }, (_, i) => ({ id: i + 1, n: 5 })), { id: 99, n: 5 }];

  it.each([
    ["PUT", "counts and errors", {}, 2_000],
    ["PUT", "records, once", { Prefer: "return=representation" }, COUNT * LENGTH * 1.1],
    ["DELETE", "counts and errors", {}, 2_000],
    ["DELETE", "counts and errors", { Prefer: "return=representation" }, 2_000],
  ])("of %s /bulk with a refused item: %s", async (method, _, headers, most) => {
    const w = await makeWorkspace({
      name: "Doc",
      columns: [
        { name: "text", type: "TEXT" },
        { name: "n", type: "INTEGER" },
      ],
    });
    const docs = Array.from({ length: COUNT }, () => ({ text: "x".repeat(LENGTH) }));
    expectStatus(await w.api("POST", "/Doc/bulk", { body: docs }), 200);
    const sent = method === "PUT" ? body : body.map(({ id }) => id);
    const asking = { body: sent, headers: { "Idempotency-Key": "k", ...headers } };
    const first = expectStatus(await w.api(method, "/Doc/bulk", asking), 200);
    expect(first.body).toMatchObject({ succeeded: COUNT, failed: 1 });
    const kept = "SELECT coalesce(sum(length(content)), 0) FROM idempotency WHERE principal = ?";
    expect(await countOf(kept, w.keyId)).toBeLessThan(most);
    expect((await w.api(method, "/Doc/bulk", asking)).text).toBe(first.text);
  });
});
