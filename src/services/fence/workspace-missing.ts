import { eq } from "drizzle-orm";
import { organizations } from "../../db/tables/platform.ts";
import { notFound } from "../../errors/failures.ts";
import type { ServiceContext, WorkspaceContext } from "../context.ts";

/** Which part of an address does not exist. */
export async function workspaceMissing(ctx: ServiceContext & Pick<WorkspaceContext, "address">) {
  const { organization, workspace } = ctx.address;
  const { read } = ctx.platform;
  const query = read
    .select({ id: organizations.id })
    .from(organizations)
    .where(eq(organizations.slug, organization));
  const [found] = await read.batch([query]);
  return found.length === 0 ? notFound("Organization", organization) : notFound("Workspace", workspace);
}
