import { ADMIN_ROLES, type AdminRole } from "./admin-role.ts";

export const ADMINISTRATOR_KINDS = ["ADMIN_TOKEN", "ADMIN_KEY", "MEMBER", "SYSTEM"] as const;

/** A role in one organization, by its slug, or in all organizations (null). */
export interface AdminGrant {
  readonly organization: string | null;
  readonly role: AdminRole;
}

/** An authenticated administrator. */
export interface Administrator {
  readonly kind: (typeof ADMINISTRATOR_KINDS)[number];
  /** The id of a key, or the member's subject at the identity provider. */
  readonly id: string | null;
  readonly name: string;
  readonly grants: readonly AdminGrant[];
  /** ISO 8601 UTC; null for never. */
  readonly expiresAt: string | null;
}

/** The holder of the deployment's admin token. */
export const TOKEN_HOLDER: Administrator = {
  kind: "ADMIN_TOKEN",
  id: null,
  name: "ADMIN_TOKEN",
  grants: [{ organization: null, role: "OWNER" }],
  expiresAt: null,
};

/** The service itself, for instance when it disables a webhook whose endpoint is gone. */
export const SYSTEM: Administrator = {
  kind: "SYSTEM",
  id: null,
  name: "SchemaStack Edge",
  grants: [],
  expiresAt: null,
};

const rankOf = (role: AdminRole): number => ADMIN_ROLES.indexOf(role);

/** Whether a role includes another. */
export const includesRole = (held: AdminRole, needed: AdminRole): boolean => rankOf(held) >= rankOf(needed);

/** The role itself and those that it includes. */
export const rolesWithin = (role: AdminRole): AdminRole[] =>
  ADMIN_ROLES.filter((each) => includesRole(role, each));

/** The highest role of some grants; undefined if there are none. */
export function highestOf(grants: readonly AdminGrant[]): AdminRole | undefined {
  return ADMIN_ROLES.findLast((role) => grants.some((grant) => grant.role === role));
}

/** The highest role in an organization, or in all of them (null); undefined if there is none. */
export function roleIn({ grants }: Administrator, organization: string | null): AdminRole | undefined {
  return highestOf(
    grants.filter((grant) => grant.organization === null || grant.organization === organization),
  );
}
