import { encodeBase62 } from "../lib/base62.ts";
import { crc32 } from "../lib/hashing.ts";
import type { ApiKeyScope } from "./access.ts";
import type { JsonObject } from "./json.ts";

export const PERMISSIONS = ["READ_WRITE", "READ_ONLY"] as const;
export type Permission = (typeof PERMISSIONS)[number];

const KEY_PATTERN = /^sk_live_[0-9A-Za-z]{49}$/;
const CHECKSUM_LENGTH = 6;
const PREFIX_LENGTH = 16;

/** `sk_live_` + 43 characters of secret + 6 characters of checksum over both. */
export const composeApiKey = (secret: string): string => composeKey("sk_live_", secret);

/** A prefix that tells the kind of key, a secret, and a checksum over both. */
export function composeKey(prefix: string, secret: string): string {
  const body = prefix + secret;
  return body + checksumOf(body);
}

/** Whether a text has the form of a key; cheap, because every request asks. */
export const isLikeApiKey = (text: string): boolean => KEY_PATTERN.test(text);

/** Whether a text is a key that this product could have made; wrong ones are refused without any look-up. */
export const isWellFormedApiKey = (text: string): boolean => isLikeApiKey(text) && isWellFormedKey(text);

/** Whether a key ends with its checksum. */
export const isWellFormedKey = (key: string): boolean =>
  checksumOf(key.slice(0, -CHECKSUM_LENGTH)) === key.slice(-CHECKSUM_LENGTH);

/** What may be shown of a key: its first 16 characters. */
export const keyPrefixOf = (key: string): string => key.slice(0, PREFIX_LENGTH);

const checksumOf = (body: string) => encodeBase62(BigInt(crc32(body)), CHECKSUM_LENGTH);

/** What the edge knows of a key. Everything that may change is checked against `version` by the fence. */
export interface ApiKeyRecord {
  readonly keyId: string;
  readonly workspaceId: number;
  readonly organization: string;
  readonly workspace: string;
  /** Rises with every change of the key. */
  readonly version: number;
  readonly permission: Permission;
  /** ISO 8601 UTC; null = never. */
  readonly expiresAt: string | null;
  /** Null: everything that the permission allows. */
  readonly scopes: readonly ApiKeyScope[] | null;
  /** Addresses and CIDR ranges that requests may come from; null: anywhere. */
  readonly allowedIps: readonly string[] | null;
  /** Whether it may send values for fields that the server sets (`autoSet`); absent means no. */
  readonly mayWriteTimestamps?: boolean;
  /** Absent in copies that were made before keys could mint. */
  readonly mayMintTokens?: boolean;
}

/** What a token says of the user that a key has minted it for. */
export interface UserToken {
  readonly subject: string;
  /** With `sub`. */
  readonly claims: JsonObject;
  /** Narrow the key's; null: nothing more. */
  readonly scopes: readonly ApiKeyScope[] | null;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** Who asks: the holder of an API key, a user with a token that one has minted, or the owner with the admin token. */
export type Actor =
  | { readonly kind: "KEY"; readonly secretHash: string; readonly key: ApiKeyRecord }
  | { readonly kind: "TOKEN"; readonly key: ApiKeyRecord; readonly token: UserToken }
  | { readonly kind: "ADMIN" };

/** For whom answers are kept and requests are counted; undefined for the admin. */
export function principalIdOf(actor: Actor): string | undefined {
  if (actor.kind === "ADMIN") return undefined;
  return actor.kind === "KEY" ? actor.key.keyId : `${actor.key.keyId}/${actor.token.subject}`;
}
