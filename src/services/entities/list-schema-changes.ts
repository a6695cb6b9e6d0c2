import { desc, eq } from "drizzle-orm";
import * as z from "zod/v4";
import { db, prepareBatch } from "../../db/platform.ts";
import { schemaChanges } from "../../db/tables/platform.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { countSchema, timeSchema } from "../field-schemas.ts";
import { type Page, type PageRequest, toPage, totalOf } from "../page.ts";
import { schemaChangeSchema } from "./schema-change-schema.ts";

export const appliedSchemaChangeSchema = z.strictObject({
  /** The schema version that it produced. */
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
  return runFenced(ctx, {
    need: "READ",
    plan({ workspace }) {
      const isOwn = eq(schemaChanges.workspaceId, workspace.id);
      const { version, createdAt, changes } = schemaChanges;
      const { statements, decode } = prepareBatch([
        db
          .select({ version, appliedAt: createdAt, changes })
          .from(schemaChanges)
          .where(isOwn)
          .orderBy(desc(version))
          .limit(request.size)
          .offset(request.page * request.size),
        totalOf(schemaChanges, isOwn),
      ]);
      return {
        kind: "READ",
        statements,
        shape(results) {
          const [rows, counts] = decode(results);
          return toPage(rows, request, counts);
        },
      };
    },
  });
}
