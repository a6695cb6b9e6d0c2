import { and, count, eq, inArray, isNull, sql } from "drizzle-orm";
import * as z from "zod/v4";
import { db, prepareBatch } from "../../db/platform.ts";
import { apiKeys, deployments, recordCounts, workspaces } from "../../db/tables/platform.ts";
import { webhookDeliveries, webhooks } from "../../db/tables/webhooks.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { countSchema } from "../field-schemas.ts";

export const usageSchema = z.strictObject({
  /** The number of records by entity. */
  records: z.record(z.string(), countSchema),
  /** The size of records and their indexes in the database file. Null if the database has no `dbstat`. */
  bytes: countSchema.nullable(),
  /** Keys that are not revoked. */
  keys: countSchema,
  webhooks: countSchema,
  pendingDeliveries: countSchema,
  /** The size of webhook events, and its limit. */
  outboxBytes: countSchema,
  maxOutboxBytes: countSchema,
  /** The size of stored responses for Idempotency-Keys, and its limit. */
  idempotencyBytes: countSchema,
  maxIdempotencyBytes: countSchema,
});
export type UsageDto = Dto<typeof usageSchema>;

/** Reads every page of the workspace's tables for `bytes`. Throws NOT_FOUND. */
export async function getUsage(ctx: WorkspaceContext): Promise<UsageDto> {
  const { tables, ...counts } = await countAll(ctx);
  return { ...counts, bytes: await bytesOf(ctx, tables) };
}

const countAll = (ctx: WorkspaceContext) =>
  runFenced(ctx, {
    need: "READ",
    plan({ workspace, catalog }) {
      const tables = [...catalog.entities.values()].map(({ physicalTable }) => physicalTable);
      const ofWorkspace = eq(webhooks.workspaceId, workspace.id);
      const isPending = eq(webhookDeliveries.status, "PENDING");
      const { statements, decode } = prepareBatch([
        db
          .select({ name: recordCounts.tableName, count: recordCounts.count })
          .from(recordCounts)
          .where(inArray(recordCounts.tableName, tables)),
        db
          .select({ total: count() })
          .from(apiKeys)
          .where(and(eq(apiKeys.workspaceId, workspace.id), isNull(apiKeys.revokedAt))),
        db.select({ total: count() }).from(webhooks).where(ofWorkspace),
        db
          .select({ total: count() })
          .from(webhookDeliveries)
          .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
          .where(and(ofWorkspace, isPending)),
        db
          .select(keptColumns)
          .from(workspaces)
          .innerJoin(deployments, sql`TRUE`)
          .where(eq(workspaces.id, workspace.id)),
      ]);
      return {
        kind: "READ",
        statements,
        shape(results) {
          const [records, [keys], [hooks], [pending], [kept]] = decode(results);
          if (!kept) throw new Error("the fence has let a request to no workspace pass");
          return {
            tables,
            records: recordsOf(catalog, records),
            keys: keys?.total ?? 0,
            webhooks: hooks?.total ?? 0,
            pendingDeliveries: pending?.total ?? 0,
            ...kept,
          };
        },
      };
    },
  });

const keptColumns = {
  outboxBytes: workspaces.outboxBytes,
  maxOutboxBytes: deployments.maxOutboxBytes,
  idempotencyBytes: workspaces.idempotencyBytes,
  maxIdempotencyBytes: deployments.maxIdempotencyBytes,
};

function recordsOf(
  catalog: Catalog,
  rows: readonly { readonly name: string; readonly count: number }[],
): Readonly<Record<string, number>> {
  const byTable = new Map(rows.map(({ name, count }) => [name, count]));
  return Object.fromEntries(
    [...catalog.entities.values()].map(({ name, physicalTable }) => [name, byTable.get(physicalTable) ?? 0]),
  );
}

async function bytesOf(ctx: WorkspaceContext, tables: readonly string[]): Promise<number | null> {
  const ofTables = sql`SELECT name FROM sqlite_schema WHERE tbl_name IN (SELECT value FROM json_each(${JSON.stringify(tables)}))`;
  const sizes = db
    .select({ bytes: sql<number>`coalesce(sum(pgsize), 0)` })
    .from(sql`dbstat`)
    .where(sql`aggregate = TRUE AND name IN (${ofTables})`);
  try {
    const [[row]] = await ctx.platform.readBatch([sizes]);
    return row?.bytes ?? 0;
  } catch (cause) {
    if (cause instanceof SqlFailure && cause.message.includes("no such table: dbstat")) return null;
    throw cause;
  }
}
