import { Webhook } from "standardwebhooks";
import { ED25519, PRIVATE_PREFIX } from "./signing-secret.ts";

interface SignedMessage {
  readonly messageId: string;
  readonly at: Date;
  readonly body: string;
}

/** Returns a signature for `webhook-signature`: `v1,…` or `v1a,…`, depending on the secret. */
export async function signMessage(secret: string, { messageId, at, body }: SignedMessage): Promise<string> {
  if (!secret.startsWith(PRIVATE_PREFIX)) return new Webhook(secret).sign(messageId, at, body);
  const bytes = Uint8Array.fromBase64(secret.slice(PRIVATE_PREFIX.length));
  const key = await crypto.subtle.importKey("pkcs8", bytes, ED25519, false, ["sign"]);
  const content = new TextEncoder().encode(`${messageId}.${Math.floor(at.getTime() / 1000)}.${body}`);
  return `v1a,${new Uint8Array(await crypto.subtle.sign(ED25519, key, content)).toBase64()}`;
}
