import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import Database from "libsql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Platform } from "../../../src/db/platform.ts";
import { openHttpDatabase } from "../../../src/libsql/open-http-database.ts";
import { applyBudgets } from "../../../src/services/health/apply-budgets.ts";
import { startLibsqlServer } from "../../../tools/libsql-server/start-libsql-server.ts";
import { migrateDatabase } from "../../../tools/migrate.ts";

/* The triggers of drizzle/0019_kept_bytes.sql. */

const ROW_BYTES = 256;
const OUTBOX_BYTES = 6_000;
const IDEMPOTENCY_BYTES = 4_000;

let directory: string;
let database: InstanceType<typeof Database>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kept-bytes-"));
  const file = join(directory, "data.db");
  const server = await startLibsqlServer({ file });
  await migrateDatabase(server);
  const platform = new Platform(
    openHttpDatabase({ url: server.url, authToken: undefined, requestId: "test" }),
  );
  const budgets = { outboxBytes: OUTBOX_BYTES, idempotencyBytes: IDEMPOTENCY_BYTES };
  await applyBudgets(platform, budgets);
  await server.close();
  database = new Database(file);
});
afterAll(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

const reset = () =>
  database.exec(`
    PRAGMA foreign_keys = ON;
    DELETE FROM webhooks; DELETE FROM webhook_events; DELETE FROM api_keys; DELETE FROM workspaces;
    INSERT OR IGNORE INTO organizations (id, slug, name, created_at, updated_at) VALUES (1, 'o', 'O', '', '');
    INSERT INTO workspaces (id, organization_id, slug, name, created_at, updated_at)
      VALUES (1, 1, 'v', 'V', '', ''), (2, 1, 'w', 'W', '', '');
    INSERT INTO api_keys (id, workspace_id, name, key_prefix, permission, created_at)
      VALUES ('k1', 1, 'K', '', 'READ_WRITE', ''), ('k2', 2, 'K', '', 'READ_WRITE', ''), ('k3', 1, 'K', '', 'READ_WRITE', '');
    INSERT INTO webhooks (id, workspace_id, name, url, events, headers, enabled, sealed_secret, created_at, updated_at)
      SELECT 'h' || value, 1 + value % 2, '', '', '["record.created"]', '{}', 1, '', '', '' FROM json_each('[0,1,2,3]')`);

interface Change {
  readonly sql: string;
  readonly args: readonly (string | number | null)[];
}

/** The nth row of a table, so that most changes find one. */
const nth = (table: string, id: string) =>
  `(SELECT ${id} FROM ${table} LIMIT 1 OFFSET ? % max(1, (SELECT count(*) FROM ${table})))`;
const place = fc.nat({ max: 50 });
const text = fc.option(fc.string({ unit: "grapheme", maxLength: 400, size: "max" }), { nil: null });
const deletionOf = (...tables: readonly (readonly [table: string, id: string])[]) =>
  fc.tuple(fc.constantFrom(...tables), place).map(
    ([[table, id], n]): Change => ({
      sql: `DELETE FROM ${table} WHERE ${id} = ${nth(table, id)}`,
      args: [n],
    }),
  );
const addition = fc.oneof(
  fc.tuple(fc.constantFrom(1, 2), place, text, text).map(
    ([workspace, record, now, before]): Change => ({
      sql: `INSERT INTO webhook_events (workspace_id, message_id, type, entity_id, entity_name, record_id, record, previous, created_at)
        VALUES (?, 'm', 'record.created', 'e', 'E', ?, ?, ?, '')`,
      args: [workspace, record, now, before],
    }),
  ),
  fc.tuple(fc.constantFrom("PENDING", "SUCCEEDED", "SUCCEEDED", "FAILED"), place).map(
    ([status, n]): Change => ({
      sql: `UPDATE webhook_deliveries SET status = ? WHERE id = ${nth("webhook_deliveries", "id")}`,
      args: [status, n],
    }),
  ),
  fc.tuple(fc.constantFrom("k1", "k2", "k3"), place, fc.integer({ min: -1, max: 2 }), text).map(
    ([key, n, position, content]): Change => ({
      sql: `INSERT OR IGNORE INTO idempotency (workspace_id, principal, key, position, content, created_at)
        SELECT workspace_id, id, ?, ?, ?, '' FROM api_keys WHERE id = ?`,
      args: [String(n % 7), position, content, key],
    }),
  ),
  fc.tuple(text, place).map(
    ([content, n]): Change => ({
      sql: `UPDATE idempotency SET content = content || ? WHERE key = ${nth("idempotency", "key")}`,
      args: [content, n],
    }),
  ),
);
const change = fc.oneof(
  { arbitrary: addition, weight: 40 },
  {
    arbitrary: deletionOf(["webhook_deliveries", "id"], ["webhook_events", "id"], ["idempotency", "key"]),
    weight: 4,
  },
  { arbitrary: deletionOf(["webhooks", "id"], ["api_keys", "id"]), weight: 1 },
);

const bytesOf = (...columns: readonly string[]) =>
  `${ROW_BYTES} + ${columns.map((column) => `coalesce(octet_length(${column}), 0)`).join(" + ")}`;
const countsStatement = `SELECT outbox_bytes, idempotency_bytes,
  (SELECT coalesce(sum(${bytesOf("record", "previous")}), 0) FROM webhook_events WHERE workspace_id = w.id) AS outbox,
  (SELECT coalesce(sum(${bytesOf("content")}), 0) FROM idempotency WHERE workspace_id = w.id) AS idempotency
  FROM workspaces w`;

interface Counts {
  readonly outbox_bytes: number;
  readonly outbox: number;
  readonly idempotency_bytes: number;
  readonly idempotency: number;
}

it("the counts of what a workspace keeps are right after every change, and stay within the budgets", () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 20, maxLength: 120 }), (changes) => {
      reset();
      for (const { sql, args } of changes) {
        try {
          database.prepare(sql).run(...args);
        } catch (error) {
          expect(String(error)).toMatch(/(?:OUTBOX|IDEMPOTENCY)_FULL$/);
          refused++;
        }
        for (const counts of database.prepare(countsStatement).all() as Counts[]) {
          expect([counts.outbox_bytes, counts.idempotency_bytes]).toEqual([
            counts.outbox,
            counts.idempotency,
          ]);
          expect(counts.outbox).toBeLessThanOrEqual(OUTBOX_BYTES);
        }
      }
      const delivered = `SELECT event_id FROM webhook_deliveries GROUP BY event_id HAVING min(status = 'SUCCEEDED')`;
      const left = `SELECT id FROM webhook_events WHERE is_omitted = 0 AND id IN (${delivered})`;
      expect(database.prepare(left).all()).toEqual([]);
      const kept =
        "SELECT id FROM webhook_events WHERE is_omitted = 1 AND coalesce(record, previous) IS NOT NULL";
      expect(database.prepare(kept).all()).toEqual([]);
    }),
    { numRuns: 12 },
  );
  expect(refused).toBeGreaterThan(0);
});

it("a claim beyond the budget is refused, and what a claimed request keeps is not", () => {
  reset();
  const keep = database.prepare(
    "INSERT INTO idempotency (workspace_id, principal, key, position, content, created_at) VALUES (1, 'k1', ?, ?, ?, '')",
  );
  keep.run("a", -1, null);
  keep.run("a", 0, "x".repeat(IDEMPOTENCY_BYTES));
  keep.run("a", 1, "x");
  expect(() => keep.run("b", -1, null)).toThrow("IDEMPOTENCY_FULL");
});
