import { Platform } from "../../db/platform.ts";
import { settingsOf } from "../../env.ts";
import { AppError } from "../../errors/app-error.ts";
import { invalidAdminToken, requestedWithMissing } from "../../errors/failures.ts";
import { type AdminPrincipal, admitAdministrator } from "../../fence/admin-facts.ts";
import {
  findAdminFacts,
  forgetFacts,
  GuardedDatabase,
  rememberedFacts,
  rememberFacts,
} from "../../fence/admin-guard.ts";
import { currentMillis } from "../../lib/clock.ts";
import { isEqualInConstantTime, sha256Hex } from "../../lib/hashing.ts";
import { logWarning } from "../../lib/logger.ts";
import { isLikeAdminKey, isWellFormedAdminKey } from "../../model/admin-key.ts";
import { TOKEN_HOLDER } from "../../model/administrator.ts";
import { isLikeJwt, verifyToken } from "../../tokens/verify-token.ts";
import type { AppContext } from "../context.ts";
import { bearerOf, limitUnknown } from "./authenticate.ts";

/** Cloudflare Access puts it into every request of a browser that has signed in. */
const ACCESS_HEADER = "Cf-Access-Jwt-Assertion";
const CREDENTIAL = "admin credential";
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** How the services of an administrator are held to what the database says of them; absent for ADMIN_TOKEN. */
export interface AdminSession {
  readonly guard: GuardedDatabase;
  /** Judges by what the database says now, and opens the services anew. Throws UNAUTHORIZED, FORBIDDEN. */
  refresh(): Promise<void>;
}

/**
 * Finds out who asks the admin API, and opens the services for them. Wrong credentials count against their address. Throws
 * UNAUTHORIZED, FORBIDDEN, RATE_LIMITED, SERVICE_UNAVAILABLE.
 */
export async function authenticateAdmin(c: AppContext): Promise<void> {
  const start = currentMillis();
  try {
    const principal = await identify(c, bearerOf(c));
    if (principal === "ADMIN_TOKEN") c.set("services", { ...c.get("services"), administrator: TOKEN_HOLDER });
    else await openSession(c, principal);
  } catch (refusal) {
    if (refusal instanceof AppError && refusal.code === "UNAUTHORIZED") await limitUnknown(c, CREDENTIAL);
    throw refusal;
  }
  c.set("actor", { kind: "ADMIN" });
  c.set("authMs", currentMillis() - start);
}

async function identify(c: AppContext, bearer: string | undefined): Promise<AdminPrincipal | "ADMIN_TOKEN"> {
  const { adminToken } = settingsOf(c.env);
  if (bearer === undefined) {
    const member = await identifyMember(c, c.req.header(ACCESS_HEADER));
    requireRequestedWith(c);
    return member;
  }
  if (adminToken && (await isEqualInConstantTime(bearer, adminToken))) return "ADMIN_TOKEN";
  if (!isLikeAdminKey(bearer)) return identifyMember(c, bearer);
  if (!isWellFormedAdminKey(bearer)) throw invalidAdminToken();
  return { kind: "ADMIN_KEY", secretHash: await sha256Hex(bearer) };
}

async function identifyMember(c: AppContext, token: string | undefined): Promise<AdminPrincipal> {
  const { adminIssuer } = settingsOf(c.env);
  if (!adminIssuer || !token || !isLikeJwt(token)) throw invalidAdminToken();
  const claims = await verifyToken(token, adminIssuer, c.get("services"));
  const { email, email_verified: isVerified, sub } = claims;
  if (typeof email !== "string" || isVerified === false) throw invalidAdminToken();
  return { kind: "MEMBER", email: email.toLowerCase(), subject: sub ?? email };
}

/** Browsers send no header of this name to another origin unless that allows it, which the admin API does not. */
function requireRequestedWith(c: AppContext): void {
  if (!SAFE_METHODS.has(c.req.method) && !c.req.header("X-Requested-With")) throw requestedWithMissing();
}

async function openSession(c: AppContext, principal: AdminPrincipal): Promise<void> {
  const plain = c.get("services");
  const open = (facts: string | undefined) => {
    if (facts === undefined) throw invalidAdminToken();
    const administrator = admitAdministrator(principal, facts, plain);
    const guard = new GuardedDatabase(plain.database, principal, facts);
    c.set("services", { ...plain, administrator, database: guard, platform: new Platform(guard) });
    c.set("admin", { guard, refresh });
    rememberFacts(principal, facts);
  };
  const refresh = async () => {
    forgetFacts(principal);
    open(await findAdminFacts(plain.database, principal));
  };
  try {
    open(await believedFacts(c, principal));
  } catch (refusal) {
    /* What is believed may be stale, so it refuses nobody. */
    if (!(refusal instanceof AppError) || refusal.code === "RATE_LIMITED") throw refusal;
    await refresh();
  }
}

/** From memory, else from KV, else from the database, which unknown keys may ask only so often. */
async function believedFacts(c: AppContext, principal: AdminPrincipal): Promise<string | undefined> {
  const known = rememberedFacts(principal);
  if (known !== undefined) return known;
  const { adminKeys, database } = c.get("services");
  if (principal.kind === "ADMIN_KEY") {
    await limitUnknown(c, CREDENTIAL);
    const kept = await adminKeys.find(principal.secretHash).catch((failure) => {
      logWarning("KV could not be asked for an admin key", failure);
      return undefined;
    });
    if (kept !== undefined) return kept;
  }
  return findAdminFacts(database, principal);
}
