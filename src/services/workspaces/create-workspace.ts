import { sql } from "drizzle-orm";
import { organizationIdOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { workspaces } from "../../db/tables/platform.ts";
import { notFound, uniqueViolation } from "../../errors/api-errors.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import type { ServiceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { auditWorkspace, createWorkspaceSchema, toWorkspaceDto, type WorkspaceDto } from "./workspace.ts";

export interface CreateWorkspaceInput {
  readonly organization: string;
  readonly body: unknown;
}

/** Throws VALIDATION_ERROR, NOT_FOUND, UNIQUE_CONSTRAINT_VIOLATION. */
export async function createWorkspace(
  ctx: ServiceContext,
  input: CreateWorkspaceInput,
): Promise<WorkspaceDto> {
  const { slug, name } = parseInput(createWorkspaceSchema, input.body);
  const time = ctx.now.toISOString();
  const organizationId = sql<number>`(${organizationIdOf(input.organization)})`;
  const insert = db
    .insert(workspaces)
    .values({ organizationId, slug, name, createdAt: time, updatedAt: time });
  try {
    const address = { organization: input.organization, workspace: slug };
    const audit = auditWorkspace(ctx, "workspace.created", address);
    const [[row]] = await ctx.platform.writeBatch([insert.returning(), audit.after]);
    if (!row) throw new Error("an insert returned no row");
    return toWorkspaceDto(row);
  } catch (failure) {
    if (!(failure instanceof SqlFailure)) throw failure;
    if (failure.uniqueColumns) throw uniqueViolation([{ field: "slug", value: slug }]);
    if (failure.isNotNull) throw notFound("Organization", input.organization);
    throw failure;
  }
}
