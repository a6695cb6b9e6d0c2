import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { forgetOldRequests } from "../../src/fence/replay.ts";
import { openServices } from "../../src/http/context.ts";
import type { ServiceContext } from "../../src/services/context.ts";
import { expireEvents } from "../../src/services/webhooks/expire-events.ts";
import { runSql } from "../support/database.ts";
import { customer } from "../support/entities.ts";
import { listen } from "../support/webhooks.ts";
import { makeWorkspace } from "../support/workspace.ts";

const MANY = 2500;
const COUNTED =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST(? AS INTEGER))";
const countOf = async (sql: string, id: string) => Number((await runSql(sql, [id]))[0]?.[0]);
const dayAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

describe("one run removes all that is too old, however much that is, and nothing else", () => {
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
        `${COUNTED} INSERT INTO idempotency (api_key_id, key, position, content, created_at)
          SELECT ?, ? || (i / 7), i, '{}', ? FROM n`,
        [String(count), keyId, at, at],
      );
    await insert(MANY, dayAgo(1.1));
    await insert(3, dayAgo(0.9));
    await forgetOldRequests(openServices(env, "test"));
    expect(await countOf("SELECT count(*) FROM idempotency WHERE api_key_id = ?", keyId)).toBe(3);
  });
});

it.each([
  ["events", expireEvents],
  ["answers", forgetOldRequests],
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
