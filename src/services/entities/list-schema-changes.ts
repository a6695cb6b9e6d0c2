import { desc, eq } from "drizzle-orm";
import * as z from "zod/v4";
import { toStatement } from "../../db/platform.ts";
import { schemaChanges } from "../../db/tables/platform.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { Rows } from "../../libsql/database.ts";
import type { SchemaChange } from "../../model/schema-change.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { countSchema, timeSchema } from "../field-schemas.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { schemaChangeSchema } from "./schema-change-schema.ts";

export const appliedSchemaChangeSchema = z.strictObject({
  /** The schema version that it made. */
  version: countSchema,
  appliedAt: timeSchema,
  changes: z.array(schemaChangeSchema),
});
type AppliedSchemaChange = Dto<typeof appliedSchemaChangeSchema>;

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
