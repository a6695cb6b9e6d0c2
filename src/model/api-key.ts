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

/** A kind of secret: its prefix, a random part, and a checksum over both. */
export function composeKey(prefix: string, secret: string): string {
  const body = prefix + secret;
  return body + checksumOf(body);
}

/** Whether a text has the form of a key. It is cheap, because every request asks. */
export const isLikeApiKey = (text: string): boolean => KEY_PATTERN.test(text);

/** Whether a text is a key with a valid checksum. Others are refused without a lookup. */
export const isWellFormedApiKey = (text: string): boolean => isLikeApiKey(text) && isWellFormedKey(text);

/** Whether a key ends with its checksum. */
export const isWellFormedKey = (key: string): boolean =>
  checksumOf(key.slice(0, -CHECKSUM_LENGTH)) === key.slice(-CHECKSUM_LENGTH);

/** The visible part of a key: its first 16 characters. */
export const keyPrefixOf = (key: string): string => key.slice(0, PREFIX_LENGTH);

const checksumOf = (body: string) => encodeBase62(BigInt(crc32(body)), CHECKSUM_LENGTH);

/** A key as cached at the edge. The fence checks everything that may change by `version`. */
export interface ApiKeyRecord {
  readonly keyId: string;
  readonly workspaceId: number;
  readonly organization: string;
  readonly workspace: string;
  /** Rises with every change of the key. */
  readonly version: number;
  readonly permission: Permission;
  /** ISO 8601 UTC; null for never. */
  readonly expiresAt: string | null;
  /** Null for everything that the permission allows. */
  readonly scopes: readonly ApiKeyScope[] | null;
  /** Addresses and CIDR ranges that requests may come from; null for anywhere. */
  readonly allowedIps: readonly string[] | null;
  /** Whether it may send values for fields that the server sets (`autoSet`). Default: no. */
  readonly mayWriteTimestamps?: boolean;
  /** Absent in copies that are older than minting. */
  readonly mayMintTokens?: boolean;
}

/** The claims of a token about its user. */
export interface UserToken {
  readonly subject: string;
  /** Including `sub`. */
  readonly claims: JsonObject;
  /** Scopes of the token, which narrow those of the key; null for no more limits. */
  readonly scopes: readonly ApiKeyScope[] | null;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}
