import { decodeJwt } from "jose";
import { foreignToken, invalidToken } from "../errors/api-errors.ts";
import type { User } from "../model/actor.ts";
import type { Issuer } from "../model/issuer.ts";
import type { JsonObject } from "../model/json.ts";
import { CLOCK_SKEW_SECONDS, MAX_TOKEN_LENGTH, type Verifying, verifyToken } from "./verify-token.ts";

const MAX_SUBJECT_LENGTH = 255;
/** The end of the year 9999. Later times do not sort correctly as texts. */
const LAST_SECOND = 253_402_300_799;

/** A user and their issuer. */
export interface VerifiedUser {
  readonly user: User;
  readonly issuer: Issuer;
}

/**
 * Returns the user of a trusted issuer's token. The unverified `iss` only chooses among the trusted issuers. Throws UNAUTHORIZED, SERVICE_UNAVAILABLE.
 */
export async function verifyUser(
  token: string,
  trusted: readonly Issuer[],
  verifying: Verifying,
): Promise<VerifiedUser> {
  if (token.length > MAX_TOKEN_LENGTH) throw invalidToken();
  const named = issuerNamedIn(token);
  const issuer = trusted.find((each) => each.issuer === named);
  if (!issuer) throw foreignToken();
  const payload = await verifyToken(token, issuer, verifying);
  const { sub, iat = 0, exp = 0 } = payload;
  const isSubject = typeof sub === "string" && sub !== "" && sub.length <= MAX_SUBJECT_LENGTH;
  /* A token from the future would outlive a revocation. */
  const isFromFuture = iat > verifying.now.getTime() / 1000 + CLOCK_SKEW_SECONDS;
  if (!isSubject || isFromFuture) throw invalidToken();
  const user: User = {
    issuer: issuer.issuer,
    issuerName: issuer.name,
    subject: sub,
    claims: payload as JsonObject,
    issuedAt: timeOf(iat),
    expiresAt: timeOf(exp),
  };
  return { user, issuer };
}

/** Throws UNAUTHORIZED if the token is not a JWT. */
function issuerNamedIn(token: string): unknown {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw invalidToken();
  }
}

const timeOf = (seconds: number) => new Date(Math.min(Math.max(seconds, 0), LAST_SECOND) * 1000);
