import { createMiddleware } from "hono/factory";
import { settingsOf } from "../../env.ts";
import { foreignApiKey, invalidAdminToken, invalidApiKey } from "../../errors/failures.ts";
import { currentMillis } from "../../lib/clock.ts";
import { isEqualInConstantTime, sha256Hex } from "../../lib/hashing.ts";
import { isWellFormedApiKey } from "../../model/api-key.ts";
import { type AppContext, type AppEnv, pathParameter } from "../context.ts";

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Finds the key that a request holds, in memory or KV. What the key may do is not decided here: the fence does that,
 * in the transaction of the request.
 */
export const authenticateApiKey = createMiddleware<AppEnv>(async function authenticateApiKey(c, next) {
  const start = currentMillis();
  const secret = bearerOf(c);
  if (!secret || !isWellFormedApiKey(secret)) throw invalidApiKey();
  const secretHash = await sha256Hex(secret);
  const key = await c.var.services.apiKeys.find(secretHash);
  if (!key) throw invalidApiKey();
  const isForeign =
    key.organization !== pathParameter(c, "organization") || key.workspace !== pathParameter(c, "workspace");
  if (isForeign) throw foreignApiKey();
  c.set("actor", { kind: "KEY", secretHash, key });
  c.set("authMs", currentMillis() - start);
  await next();
});

export const authenticateAdmin = createMiddleware<AppEnv>(async function authenticateAdmin(c, next) {
  const start = currentMillis();
  const { adminToken } = settingsOf(c.env);
  const sent = bearerOf(c);
  if (!adminToken || !sent || !(await isEqualInConstantTime(sent, adminToken))) throw invalidAdminToken();
  c.set("actor", { kind: "ADMIN" });
  c.set("authMs", currentMillis() - start);
  await next();
});

/** For what anyone may ask. */
export const authenticateNobody = createMiddleware<AppEnv>(async function authenticateNobody(_, next) {
  await next();
});

const bearerOf = (c: AppContext) => BEARER.exec(c.req.header("Authorization") ?? "")?.[1];
