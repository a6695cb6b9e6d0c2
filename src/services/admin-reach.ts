import { and, type Column, inArray, or, type SQL, sql } from "drizzle-orm";
import { organizationIdOf } from "../db/lookups.ts";
import { db } from "../db/platform.ts";
import { notFound, roleNotAllowed } from "../errors/api-errors.ts";
import type { AdminRole } from "../model/admin-role.ts";
import { type Administrator, includesRole, roleIn, rolesWithin } from "../model/administrator.ts";
import type { ServiceContext } from "./context.ts";

/* The reach of an administrator's grants: organizations, and the roles of others. */

/** The role that manages members and keys. */
const MANAGING_ROLE: AdminRole = "ADMIN";

const NOTHING = sql`FALSE`;

export function administratorOf({ administrator }: ServiceContext): Administrator {
  if (!administrator) throw new Error("only administrators ask for this");
  return administrator;
}

/** The condition that a column names an organization of the administrator; undefined for an administrator of all. */
export function isWithinReach(ctx: ServiceContext, organizationId: Column): SQL | undefined {
  const { grants } = administratorOf(ctx);
  if (grants.some(({ organization }) => organization === null)) return undefined;
  const ofGrants = grants.map(({ organization }) => isOf(organizationId, organization));
  return or(...ofGrants) ?? NOTHING;
}

const isOf = (organizationId: Column, slug: string | null) =>
  slug === null ? undefined : inArray(organizationId, organizationIdOf(slug));

/** An admin key or a member. */
interface Holder {
  readonly organizationId: Column;
  readonly role: Column;
}

/**
 * The condition that the administrator manages a holder. Nobody manages a holder with more rights than their own.
 * `newRole` is the role that the holder will get.
 */
export function isManaged(ctx: ServiceContext, holder: Holder, newRole: AdminRole = "VIEWER"): SQL {
  const managing = administratorOf(ctx).grants.filter(
    ({ role }) => includesRole(role, MANAGING_ROLE) && includesRole(role, newRole),
  );
  const ofGrants = managing.map(({ organization, role }) =>
    and(isOf(holder.organizationId, organization), inArray(holder.role, rolesWithin(role))),
  );
  return or(...ofGrants) ?? NOTHING;
}

/** Throws NOT_FOUND for an organization that is not the administrator's, FORBIDDEN for a role above their own. */
export function requireGrantable(
  ctx: ServiceContext,
  { organization, role }: { readonly organization: string | null; readonly role: AdminRole },
): void {
  const held = roleIn(administratorOf(ctx), organization);
  if (!held && organization !== null) throw notFound("Organization", organization);
  if (!held || !includesRole(held, MANAGING_ROLE) || !includesRole(held, role)) throw roleNotAllowed();
}

/** SQL for the id of a holder's organization, and a query that fails with ABSENT if no organization has the name. */
export function organizationOfHolder(slug: string | null) {
  const id = slug === null ? sql<null>`NULL` : sql<number>`(${organizationIdOf(slug)})`;
  const isAbsent = slug === null ? NOTHING : sql`${id} IS NULL`;
  const check = sql`INSERT INTO write_guard (problem) SELECT 'ABSENT' WHERE ${isAbsent}`;
  return { id, check: db.run(check) };
}
