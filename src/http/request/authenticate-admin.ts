import { Platform } from "../../db/platform.ts";
import { settingsOf } from "../../env.ts";
import { invalidAdminToken, requestedWithMissing } from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import { type AdminPrincipal, admitAdministrator } from "../../fence/admin-facts.ts";
import {
  findAdminFacts,
  forgetFacts,
  GuardedDatabase,
  rememberedFacts,
  rememberFacts,
} from "../../fence/admin-guard.ts";
import { asciiLower } from "../../lib/ascii-lower.ts";
import { currentMillis } from "../../lib/clock.ts";
import { isEqualInConstantTime, sha256Hex } from "../../lib/hashing.ts";
import { logWarning } from "../../lib/logger.ts";
import { isLikeAdminKey, isWellFormedAdminKey } from "../../model/admin-key.ts";
import { TOKEN_HOLDER } from "../../model/administrator.ts";
import { isLikeJwt, verifyToken } from "../../tokens/verify-token.ts";
import type { AppContext } from "../context.ts";
import { bearerOf } from "./authenticate.ts";
import { limitUnknown } from "./limit-unknown.ts";

/** Cloudflare Access adds it to every request of a signed-in browser. */
const ACCESS_HEADER = "Cf-Access-Jwt-Assertion";
const CREDENTIAL = "admin credential";
/** Some providers write booleans as text. */
const VERIFIED: readonly unknown[] = [true, "true"];
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Ties an administrator's services to the facts of the database; absent for the admin token. */
export interface AdminSession {
  readonly guard: GuardedDatabase;
  /** Judges by the current facts and reopens the services. Throws UNAUTHORIZED, FORBIDDEN. */
  refresh(): Promise<void>;
}

/**
 * Authenticates an administrator and opens their services. Wrong credentials count against the address. Throws
 * UNAUTHORIZED, FORBIDDEN, RATE_LIMITED, SERVICE_UNAVAILABLE.
 */
export async function authenticateAdmin(c: AppContext): Promise<void> {
  const start = currentMillis();
  try {
    const principal = await identify(c, bearerOf(c));
    if (principal === "ADMIN_TOKEN") c.set("services", { ...c.get("services"), administrator: TOKEN_HOLDER });
    else await openSession(c, principal);
  } catch (error) {
    if (error instanceof AppError && error.code === "UNAUTHORIZED") await limitUnknown(c, CREDENTIAL);
    throw error;
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
  const { email, email_verified: verified = true, sub } = claims;
  if (typeof email !== "string" || !VERIFIED.includes(verified)) throw invalidAdminToken();
  return { kind: "MEMBER", email: asciiLower(email), subject: sub ?? email };
}

/** Browsers send this header to another origin only if that origin allows it, and the admin API does not. */
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
  } catch (error) {
    /* The cached facts may be stale, so they refuse nobody. */
    if (!(error instanceof AppError) || error.code === "RATE_LIMITED") throw error;
    await refresh();
  }
}

/** Looks in memory, then KV, then the database, which unknown keys may ask only so often. */
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
