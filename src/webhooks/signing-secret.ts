import { randomBytes } from "../lib/ids.ts";
import type { SignatureKind } from "../model/webhook.ts";

/*
 * Secrets in the format of Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes. For Ed25519, `whpk_` and the
 * base64 of the public key, and `whsk_` and the base64 of the private key, here as PKCS #8.
 */

const PREFIX = "whsec_";
export const PRIVATE_PREFIX = "whsk_";
const PUBLIC_PREFIX = "whpk_";
const [MIN_BYTES, MAX_BYTES, NEW_BYTES] = [24, 64, 32];
export const ED25519 = { name: "Ed25519" };

export interface SigningSecret {
  readonly secret: string;
  /** Null for a shared secret. */
  readonly publicKey: string | null;
}

/** Generates a shared secret (`v1`) or a key pair (`v1a`). */
export async function newSigningSecret(kind: SignatureKind): Promise<SigningSecret> {
  if (kind === "v1") return { secret: PREFIX + randomBytes(NEW_BYTES).toBase64(), publicKey: null };
  const pair = (await crypto.subtle.generateKey(ED25519, true, ["sign", "verify"])) as CryptoKeyPair;
  const encode = async (format: "pkcs8" | "raw", key: CryptoKey) =>
    new Uint8Array((await crypto.subtle.exportKey(format, key)) as ArrayBuffer).toBase64();
  return {
    secret: PRIVATE_PREFIX + (await encode("pkcs8", pair.privateKey)),
    publicKey: PUBLIC_PREFIX + (await encode("raw", pair.publicKey)),
  };
}

export const SIGNING_SECRET_RULE = `must be ${PREFIX} followed by the base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes`;

/** The part of the format that JSON Schema can express: padded base64, and its length. */
const BASE64 = "[A-Za-z0-9+/]";
export const SIGNING_SECRET_SHAPE = `^${PREFIX}((${BASE64}{4}){8,21}(${BASE64}{2}==)?|(${BASE64}{4}){8,20}${BASE64}{3}=)$`;

export function isSigningSecret(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  const encoded = text.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || encoded.length % 4 !== 0) return false;
  const { length } = Uint8Array.fromBase64(encoded);
  return length >= MIN_BYTES && length <= MAX_BYTES;
}
