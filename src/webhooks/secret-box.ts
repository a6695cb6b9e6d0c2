import { randomBytes } from "../lib/ids.ts";

/*
 * Encryption of stored webhook secrets: AES-256-GCM with a key derived (HKDF-SHA-256) from a secret of the deployment.
 */

const VERSION = "v1.";
const IV_BYTES = 12;
const encoder = new TextEncoder();
const keys = new Map<string, Promise<CryptoKey>>();

/** Encrypts a webhook's secret. Only the same key and the same webhook can decrypt it. */
export async function sealSecret(masterKey: string, webhookId: string, secret: string): Promise<string> {
  const iv = randomBytes(IV_BYTES);
  const key = await deriveKey(masterKey);
  const sealed = await crypto.subtle.encrypt(parametersOf(iv, webhookId), key, encoder.encode(secret));
  return VERSION + new Uint8Array([...iv, ...new Uint8Array(sealed)]).toBase64();
}

/** Throws if the key differs, or if the text was not encrypted for this webhook. */
export async function openSecret(masterKey: string, webhookId: string, sealed: string): Promise<string> {
  if (!sealed.startsWith(VERSION)) throw new Error("a sealed secret of an unknown version");
  const bytes = Uint8Array.fromBase64(sealed.slice(VERSION.length));
  const parameters = parametersOf(bytes.slice(0, IV_BYTES), webhookId);
  const key = await deriveKey(masterKey);
  return new TextDecoder().decode(await crypto.subtle.decrypt(parameters, key, bytes.slice(IV_BYTES)));
}

const parametersOf = (iv: Uint8Array<ArrayBuffer>, webhookId: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: encoder.encode(webhookId),
});

/** Derived once per isolate. */
function deriveKey(masterKey: string): Promise<CryptoKey> {
  const known = keys.get(masterKey);
  if (known) return known;
  const derived = derive(masterKey);
  keys.set(masterKey, derived);
  return derived;
}

async function derive(masterKey: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", encoder.encode(masterKey), "HKDF", false, [
    "deriveKey",
  ]);
  const parameters = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: encoder.encode("schemastack webhook secrets"),
  };
  const algorithm = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey(parameters, material, algorithm, false, ["encrypt", "decrypt"]);
}
