import { desc, eq } from "drizzle-orm";
import { toStatement } from "../../db/platform.ts";
import { schemaChanges } from "../../db/tables/platform.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { Rows } from "../../libsql/database.ts";
import type { SchemaChange } from "../../model/schema-change.ts";
import type { WorkspaceContext } from "../context.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";

/** A schema change that was applied. Times are ISO 8601 UTC. */
export interface AppliedSchemaChange {
  /** The schema version that it made. */
  readonly version: number;
  readonly appliedAt: string;
  readonly changes: readonly SchemaChange[];
}

/** Newest first. */
export async function listSchemaChanges(
  ctx: WorkspaceContext,
  request: PageRequest,
): Promise<Page<AppliedSchemaChange>> {
  const { read } = ctx.platform;
  return runFenced(ctx, {
    need: "READ",
    plan({ workspace }) {
      const isOwn = eq(schemaChanges.workspaceId, workspace.id);
      const { version, createdAt, changes } = schemaChanges;
      const page = read
        .select({ version, createdAt, changes })
        .from(schemaChanges)
        .where(isOwn)
        .orderBy(desc(version))
        .limit(request.size)
        .offset(request.page * request.size);
      return {
        kind: "READ",
        statements: [toStatement(page), toStatement(totalOf(ctx.platform, schemaChanges, isOwn))],
        shape([rows = [], totals = []]: readonly Rows[]) {
          const data = rows.map(([number, appliedAt, text]) => ({
            version: Number(number),
            appliedAt: String(appliedAt),
            changes: JSON.parse(String(text)) as readonly SchemaChange[],
          }));
          return toPage(data, request, Number(totals[0]?.[0]));
        },
      };
    },
  });
}
