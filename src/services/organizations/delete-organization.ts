import { eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { organizations } from "../../db/tables/platform.ts";
import { foreignKeyViolation } from "../../errors/api-errors.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import type { ServiceContext } from "../context.ts";
import { auditOrganization, theOrganization } from "./organization.ts";

/** Throws NOT_FOUND, FOREIGN_KEY_VIOLATION while it has workspaces. */
export async function deleteOrganization(ctx: ServiceContext, slug: string): Promise<void> {
  try {
    const [, rows] = await ctx.platform.writeBatch([
      auditOrganization(ctx, "organization.deleted", slug).before,
      db.delete(organizations).where(eq(organizations.slug, slug)).returning(),
    ]);
    theOrganization(rows, slug);
  } catch (failure) {
    if (failure instanceof SqlFailure && failure.isForeignKey) {
      throw foreignKeyViolation(`Organization ${slug} still has workspaces`);
    }
    throw failure;
  }
}
