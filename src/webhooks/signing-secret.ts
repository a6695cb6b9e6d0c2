import { randomBytes } from "../lib/ids.ts";

/* Secrets as the Standard Webhooks specification wants them: `whsec_` and the base64 of 24 to 64 bytes. */

const PREFIX = "whsec_";
const [MIN_BYTES, MAX_BYTES, NEW_BYTES] = [24, 64, 32];

export const newSigningSecret = (): string => PREFIX + randomBytes(NEW_BYTES).toBase64();

export const SIGNING_SECRET_RULE = `must be ${PREFIX} followed by the base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes`;

export function isSigningSecret(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  const encoded = text.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || encoded.length % 4 !== 0) return false;
  const { length } = Uint8Array.fromBase64(encoded);
  return length >= MIN_BYTES && length <= MAX_BYTES;
}
