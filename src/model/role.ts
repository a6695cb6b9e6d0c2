import type { ApiKeyScope } from "./access.ts";
import type { Permission } from "./api-key.ts";
import type { Issuer } from "./issuer.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { claimAt } from "./operand.ts";

/** What users of an identity provider, or anonymous clients, may do in a workspace. Times are ISO 8601 UTC. */
export interface Role {
  readonly name: string;
  readonly permission: Permission;
  /** Null for everything that the permission allows. */
  readonly scopes: readonly ApiKeyScope[] | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The role of requests without credentials. No claim can select it. */
export const ANONYMOUS_ROLE = "anonymous";
/** The role of users whose claims select no other. */
const AUTHENTICATED_ROLE = "authenticated";

export const roleNamed = (roles: readonly Role[], name: string): Role | undefined =>
  roles.find((role) => role.name === name);

/** The role of a user: the first one that the issuer's role claim names, else `authenticated`. Undefined if neither exists. */
export function roleOfUser(
  roles: readonly Role[],
  { roleClaim }: Pick<Issuer, "roleClaim">,
  claims: JsonObject,
): Role | undefined {
  const names = roleClaim === null ? [] : [claimNamed(claims, roleClaim)].flat();
  const claimed = names.flatMap((name) => {
    return typeof name === "string" && name !== ANONYMOUS_ROLE ? (roleNamed(roles, name) ?? []) : [];
  });
  return claimed[0] ?? roleNamed(roles, AUTHENTICATED_ROLE);
}

/** Some providers name claims by a URL, whose dots do not separate a path. */
function claimNamed(claims: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(claims, name) ? claims[name] : claimAt(claims, name.split("."));
}
