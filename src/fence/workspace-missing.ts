import { eq } from "drizzle-orm";
import { db } from "../db/platform.ts";
import { organizations } from "../db/tables/platform.ts";
import { notFound } from "../errors/api-errors.ts";
import type { FenceContext } from "./fence-context.ts";

/** Finds out which part of an address does not exist. */
export async function workspaceMissing(ctx: Pick<FenceContext, "platform" | "address">) {
  const { organization, workspace } = ctx.address;
  const query = db
    .select({ id: organizations.id })
    .from(organizations)
    .where(eq(organizations.slug, organization));
  const [found] = await ctx.platform.readBatch([query]);
  return found.length === 0 ? notFound("Organization", organization) : notFound("Workspace", workspace);
}
