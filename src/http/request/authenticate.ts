import { adminKeys } from "../../db/tables/administrators.ts";
import { findTokenKey } from "../../db/token-keys.ts";
import {
  expiredToken,
  foreignApiKey,
  foreignToken,
  invalidApiKey,
  invalidToken,
} from "../../errors/api-errors.ts";
import { currentMillis } from "../../lib/clock.ts";
import { sha256Hex } from "../../lib/hashing.ts";
import { newRequestId } from "../../lib/ids.ts";
import { logWarning } from "../../lib/logger.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { Actor } from "../../model/actor.ts";
import { isLikeApiKey, isWellFormedApiKey } from "../../model/api-key.ts";
import type { WorkspaceAddress } from "../../model/workspace.ts";
import { mustNoteUse, noteUse } from "../../services/api-keys/note-use.ts";
import { isLikeUserToken, readUserToken } from "../../tokens/user-token.ts";
import { isLikeJwt } from "../../tokens/verify-token.ts";
import { type AppContext, openServices, pathParameter } from "../context.ts";
import { identifyAnonymous, identifyUser } from "./identify.ts";
import { limitUnknown } from "./limit-unknown.ts";

/** Hashes of accepted keys, by secret: hashing one takes a tenth of a get. */
const knownHashes = new LruMap<string, string>(10_000);

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Authenticates the caller: the holder of a key from memory or KV, of a token that a key has minted, a user of an identity
 * provider, or an anonymous client. It does not decide what they may do: the fence does that, in the request's transaction.
 */
export async function authenticateCaller(c: AppContext): Promise<void> {
  const start = currentMillis();
  const secret = bearerOf(c);
  if (c.req.header("Authorization") === undefined) await identifyAnonymous(c);
  else if (secret && isLikeUserToken(secret)) c.set("actor", await findTokenHolder(c, secret));
  else if (secret && isLikeJwt(secret)) await identifyUser(c, secret);
  else c.set("actor", await findKeyHolder(c, secret));
  c.set("authMs", currentMillis() - start);
}

async function findKeyHolder(c: AppContext, secret: string | undefined): Promise<Actor> {
  const { apiKeys } = c.get("services");
  if (!secret || !isLikeApiKey(secret)) return refuseUnknown(c);
  const knownHash = knownHashes.get(secret);
  const secretHash = knownHash ?? (await sha256Hex(secret));
  if (!apiKeys.isRemembered(secretHash)) {
    await limitUnknown(c);
    if (!isWellFormedApiKey(secret)) throw invalidApiKey();
  }
  const key = await apiKeys.find(secretHash);
  if (!key) throw invalidApiKey();
  if (knownHash === undefined) knownHashes.set(secret, secretHash);
  if (isForeign(c, key)) throw foreignApiKey();
  return { kind: "KEY", secretHash, key };
}

const isForeign = (c: AppContext, { organization, workspace }: WorkspaceAddress): boolean =>
  organization !== pathParameter(c, "organization") || workspace !== pathParameter(c, "workspace");

/** Checking a signature is cheap, so only wrong ones count against the address. */
async function findTokenHolder(c: AppContext, secret: string): Promise<Actor> {
  const { platform, tokenSecretKey, now } = c.get("services");
  const minted = tokenSecretKey === undefined ? "INVALID" : await readUserToken(tokenSecretKey, secret, now);
  if (minted === "INVALID") {
    await limitUnknown(c);
    throw invalidToken();
  }
  if (minted === "EXPIRED") throw expiredToken();
  if (isForeign(c, minted)) throw foreignToken();
  const key = await findTokenKey(platform, minted.keyId, minted);
  if (!key) throw invalidToken();
  return { kind: "TOKEN", key, token: minted.token };
}

async function refuseUnknown(c: AppContext): Promise<never> {
  await limitUnknown(c);
  throw invalidApiKey();
}

/**
 * Uses the response to learn about the key. A key that the fence refused is forgotten, so from now on it counts against
 * its address, as an unknown key. A good key in a wrong workspace was not found to begin with.
 */
export function learnOfKey(c: AppContext, { status }: Response): void {
  const actor: Actor | undefined = c.get("actor");
  const { administrator, apiKeys } = c.get("services");
  if (!actor) return;
  if (actor.kind === "ADMIN") {
    if (administrator?.kind === "ADMIN_KEY" && administrator.id !== null && status !== 401)
      noteUseAfterwards(c, administrator.id, adminKeys);
  } else if (actor.kind === "KEY" || actor.kind === "TOKEN") {
    if (status !== 401) noteUseAfterwards(c, actor.key.keyId);
    else if (actor.kind === "KEY") apiKeys.forget(actor.secretHash);
  }
}

function noteUseAfterwards(c: AppContext, keyId: string, table?: typeof adminKeys): void {
  if (!mustNoteUse(keyId, currentMillis())) return;
  const services = openServices(c.env, newRequestId());
  const written = noteUse(services, keyId, table).catch((failure) =>
    logWarning("lastUsedAt was not written", failure),
  );
  c.executionCtx.waitUntil(written);
}

export const bearerOf = (c: AppContext) => BEARER.exec(c.req.header("Authorization") ?? "")?.[1];
