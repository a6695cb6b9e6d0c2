import type { ApiKeyRecord, Permission, UserToken } from "./api-key.ts";
import type { JsonObject } from "./json.ts";
import type { Role } from "./role.ts";

/** A user of an identity provider, as a verified token describes them. */
export interface User {
  /** As its tokens name it in `iss`. */
  readonly issuer: string;
  /** The issuer's name in the workspace. */
  readonly issuerName: string;
  readonly subject: string;
  readonly claims: JsonObject;
  /** 1970 for a token without `iat`. */
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/**
 * The caller: the holder of an API key, a user with a minted token, a user of an identity provider, an anonymous client, or an
 * administrator. The role is undefined if the workspace has none for them.
 */
export type Actor =
  | { readonly kind: "KEY"; readonly secretHash: string; readonly key: ApiKeyRecord }
  | { readonly kind: "TOKEN"; readonly key: ApiKeyRecord; readonly token: UserToken }
  | { readonly kind: "USER"; readonly user: User; readonly role: Role | undefined }
  | { readonly kind: "ANONYMOUS"; readonly role: Role | undefined }
  | { readonly kind: "ADMIN" };

/** The owner of stored responses and rate limits, within one workspace. No two principals share a name. */
export function principalIdOf(actor: Actor): string {
  switch (actor.kind) {
    case "KEY":
      return actor.key.keyId;
    case "TOKEN":
      return `${actor.key.keyId}/${actor.token.subject}`;
    case "USER":
      /* An issuer contains no space. */
      return `user ${actor.user.issuer} ${actor.user.subject}`;
    case "ANONYMOUS":
      return "anonymous";
    case "ADMIN":
      return "admin";
  }
}

export function permissionOf(actor: Actor): Permission {
  switch (actor.kind) {
    case "KEY":
    case "TOKEN":
      return actor.key.permission;
    case "USER":
    case "ANONYMOUS":
      return actor.role?.permission ?? "READ_ONLY";
    case "ADMIN":
      return "READ_WRITE";
  }
}
