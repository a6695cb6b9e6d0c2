import { eq } from "drizzle-orm";
import { organizations } from "../db/tables/platform.ts";
import { notFound } from "../errors/failures.ts";
import type { FenceContext } from "./fence-context.ts";

/** Finds out which part of an address does not exist. */
export async function workspaceMissing(ctx: Pick<FenceContext, "platform" | "address">) {
  const { organization, workspace } = ctx.address;
  const { read } = ctx.platform;
  const query = read
    .select({ id: organizations.id })
    .from(organizations)
    .where(eq(organizations.slug, organization));
  const [found] = await read.batch([query]);
  return found.length === 0 ? notFound("Organization", organization) : notFound("Workspace", workspace);
}
