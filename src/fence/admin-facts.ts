import {
  adminAddressNotAllowed,
  expiredAdminKey,
  invalidAdminToken,
  notFound,
  roleNotAllowed,
} from "../errors/api-errors.ts";
import { isInRanges } from "../model/addresses/address-range.ts";
import type { AdminRole } from "../model/admin-role.ts";
import {
  type AdminGrant,
  type Administrator,
  highestOf,
  includesRole,
  roleIn,
} from "../model/administrator.ts";
import type { Statement } from "../model/sql-value.ts";
import type { FenceContext } from "./fence-context.ts";

/*
 * The database describes an administrator as one JSON text, the facts. A request is judged by the cached facts, and
 * runs only while the database still has exactly these.
 */

/** An authenticated administrator: the holder of an admin key, or a member of the identity provider. */
export type AdminPrincipal =
  | { readonly kind: "ADMIN_KEY"; readonly secretHash: string }
  | { readonly kind: "MEMBER"; readonly email: string; readonly subject: string };

const FACTS_OF_KEY = "SELECT facts FROM admin_key_facts WHERE hash = ?";
const FACTS_OF_MEMBER = `SELECT json_group_array(json_array(slug, role)) AS facts FROM (
  SELECT o.slug, m.role FROM members m LEFT JOIN organizations o ON o.id = m.organization_id WHERE m.email = ? ORDER BY m.id)`;

/** Reads the facts: one text, or nothing for an unknown key. */
export const adminFacts = (principal: AdminPrincipal): Statement =>
  principal.kind === "ADMIN_KEY"
    ? { sql: FACTS_OF_KEY, args: [principal.secretHash] }
    : { sql: FACTS_OF_MEMBER, args: [principal.email] };

type KeyFacts = readonly [
  id: string,
  name: string,
  organization: string | null,
  role: AdminRole,
  expiresAt: string | null,
  revokedAt: string | null,
  validUntil: string | null,
  allowedIps: string | null,
];

/** The administrator that the facts describe, now and from this address. Throws UNAUTHORIZED, FORBIDDEN. */
export function admitAdministrator(
  principal: AdminPrincipal,
  facts: string,
  { now, clientAddress }: Pick<FenceContext, "now" | "clientAddress">,
): Administrator {
  if (principal.kind === "MEMBER") return memberOf(principal, JSON.parse(facts));
  const [id, name, organization, role, expiresAt, revokedAt, validUntil, ips] = JSON.parse(facts) as KeyFacts;
  const isOver = (end: string | null) => end !== null && end <= now.toISOString();
  if (revokedAt !== null || isOver(validUntil)) throw invalidAdminToken();
  if (isOver(expiresAt)) throw expiredAdminKey();
  const allowedIps: readonly string[] | null = ips && JSON.parse(ips);
  if (allowedIps && !isInRanges(clientAddress(), allowedIps)) throw adminAddressNotAllowed();
  return { kind: "ADMIN_KEY", id, name, grants: [{ organization, role }], expiresAt };
}

function memberOf(
  { email, subject }: AdminPrincipal & { kind: "MEMBER" },
  rows: readonly (readonly [string | null, AdminRole])[],
): Administrator {
  const grants: readonly AdminGrant[] = rows.map(([organization, role]) => ({ organization, role }));
  return { kind: "MEMBER", id: subject, name: email, grants, expiresAt: null };
}

export interface AdminNeed {
  readonly role: AdminRole;
  /** The organization of the requested things; undefined for those of all organizations of the administrator. */
  readonly organization?: string | undefined;
  /** Whether the role must apply to all organizations. */
  readonly isGlobal?: boolean | undefined;
}

/** Throws NOT_FOUND for things of another organization, FORBIDDEN if the role is too low. */
export function requireRole(administrator: Administrator, { role, organization, isGlobal }: AdminNeed): void {
  const { grants } = administrator;
  const held = isGlobal
    ? roleIn(administrator, null)
    : organization === undefined
      ? highestOf(grants)
      : roleIn(administrator, organization);
  if (held && includesRole(held, role)) return;
  if (!held && organization !== undefined && grants.length > 0) throw notFound("Organization", organization);
  throw roleNotAllowed();
}
