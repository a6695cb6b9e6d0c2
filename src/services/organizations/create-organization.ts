import { db } from "../../db/platform.ts";
import { organizations } from "../../db/tables/platform.ts";
import { uniqueViolation } from "../../errors/api-errors.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import type { ServiceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import {
  auditOrganization,
  createOrganizationSchema,
  type OrganizationDto,
  theOrganization,
} from "./organization.ts";

/** Throws VALIDATION_ERROR, UNIQUE_CONSTRAINT_VIOLATION. */
export async function createOrganization(ctx: ServiceContext, body: unknown): Promise<OrganizationDto> {
  const input = parseInput(createOrganizationSchema, body);
  const time = ctx.now.toISOString();
  const insert = db
    .insert(organizations)
    .values({ ...input, createdAt: time, updatedAt: time })
    .returning();
  try {
    const [rows] = await ctx.platform.writeBatch([
      insert,
      auditOrganization(ctx, "organization.created", input.slug).after,
    ]);
    return theOrganization(rows, input.slug);
  } catch (failure) {
    if (failure instanceof SqlFailure && failure.uniqueColumns) {
      throw uniqueViolation([{ field: "slug", value: input.slug }]);
    }
    throw failure;
  }
}
