import { foreignApiKey, invalidApiKey, rateLimited } from "../../errors/failures.ts";
import { currentMillis } from "../../lib/clock.ts";
import { sha256Hex } from "../../lib/hashing.ts";
import { newRequestId } from "../../lib/ids.ts";
import { logWarning } from "../../lib/logger.ts";
import { type Actor, isLikeApiKey, isWellFormedApiKey } from "../../model/api-key.ts";
import { mustNoteUse, noteUse } from "../../services/api-keys/note-use.ts";
import { type AppContext, openServices, pathParameter } from "../context.ts";

const UNKNOWN_RETRY_SECONDS = 60;
const BEARER = /^Bearer +(\S+)$/i;

/**
 * Finds the key that a request holds, in memory or KV. What the key may do is not decided here: the fence does that,
 * in the transaction of the request.
 */
export async function authenticateApiKey(c: AppContext): Promise<void> {
  const start = currentMillis();
  const secret = bearerOf(c);
  const { apiKeys } = c.get("services");
  if (!secret || !isLikeApiKey(secret)) return refuseUnknown(c);
  const secretHash = await sha256Hex(secret);
  if (!apiKeys.isRemembered(secretHash)) {
    await limitUnknown(c);
    if (!isWellFormedApiKey(secret)) throw invalidApiKey();
  }
  const key = await apiKeys.find(secretHash);
  if (!key) throw invalidApiKey();
  const isForeign =
    key.organization !== pathParameter(c, "organization") || key.workspace !== pathParameter(c, "workspace");
  if (isForeign) throw foreignApiKey();
  c.set("actor", { kind: "KEY", secretHash, key });
  c.set("authMs", currentMillis() - start);
}

async function refuseUnknown(c: AppContext): Promise<never> {
  await limitUnknown(c);
  throw invalidApiKey();
}

/** What is not known has to be looked up: an address may ask that only so often. Throws RATE_LIMITED. */
export async function limitUnknown(c: AppContext, credential = "API key"): Promise<void> {
  const { rates, clientAddress } = c.get("services");
  if (await rates.takeUnknown(clientAddress())) return;
  throw rateLimited(
    `Too many requests without a valid ${credential} from this address`,
    UNKNOWN_RETRY_SECONDS,
  );
}

/**
 * What an answer tells of the key that was found: one that the fence has refused is forgotten, so that it counts against
 * its address from now on, as unknown keys do. A good key in a wrong workspace was not even found.
 */
export function learnOfKey(c: AppContext, { status }: Response): void {
  const actor: Actor | undefined = c.get("actor");
  if (actor?.kind !== "KEY") return;
  if (status === 401) c.get("services").apiKeys.forget(actor.secretHash);
  else noteUseAfterwards(c, actor.key.keyId);
}

function noteUseAfterwards(c: AppContext, keyId: string): void {
  if (!mustNoteUse(keyId, currentMillis())) return;
  const services = openServices(c.env, newRequestId());
  const written = noteUse(services, keyId).catch((failure) =>
    logWarning("lastUsedAt is not written", failure),
  );
  c.executionCtx.waitUntil(written);
}

export const bearerOf = (c: AppContext) => BEARER.exec(c.req.header("Authorization") ?? "")?.[1];
