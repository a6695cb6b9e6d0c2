import { errors, type JWTPayload, jwtVerify, type LocalJWKSet } from "jose";
import { expiredToken, invalidToken, serviceUnavailable } from "../errors/api-errors.ts";
import { LruMap } from "../lib/lru-map.ts";
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from "../model/issuer.ts";
import type { KeySets, KeySource } from "./key-sets.ts";

export const MAX_TOKEN_LENGTH = 8 * 1024;
export const CLOCK_SKEW_SECONDS = 30;

export interface TrustedIssuer extends KeySource {
  readonly audience: string;
  /** Undefined for all of TOKEN_ALGORITHMS. */
  readonly algorithms?: readonly TokenAlgorithm[] | undefined;
}

export interface Verifying {
  readonly keySets: KeySets;
  readonly now: Date;
}

/** Whether a text has the form of a JWT. */
export const isLikeJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);

/** A verified token, and the issuer and keys that verified it. */
interface Verified {
  readonly trusted: TrustedIssuer;
  readonly keys: LocalJWKSet;
  readonly payload: JWTPayload;
}

const TOKENS_PER_ISOLATE = 1_000;
/** Characters. With all claims, this bounds the memory of an isolate. */
const LONGEST_KEPT = 4_096;
const verified = new LruMap<string, Verified>(TOKENS_PER_ISOLATE);

/**
 * Returns the claims of an issuer's JWT (RFC 7519, RFC 8725). Issuer, audience and `exp` are required. Throws
 * UNAUTHORIZED, or SERVICE_UNAVAILABLE if the issuer's keys are not available.
 */
export async function verifyToken(
  token: string,
  trusted: TrustedIssuer,
  verifying: Verifying,
): Promise<JWTPayload> {
  if (token.length > MAX_TOKEN_LENGTH || !isLikeJwt(token)) throw invalidToken();
  try {
    return (await verifiedBefore(token, trusted, verifying)) ?? (await verifyNow(token, trusted, verifying));
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw expiredToken();
    throw cause instanceof errors.JOSEError ? invalidToken() : serviceUnavailable(cause);
  }
}

/**
 * The claims of a token that was verified by the same keys for the same issuer, and is valid now. Keys are replaced when
 * they are requested again, and the issuer when its workspace changes, so both end the cached result.
 */
async function verifiedBefore(
  token: string,
  trusted: TrustedIssuer,
  { keySets, now }: Verifying,
): Promise<JWTPayload | undefined> {
  const known = verified.get(token);
  if (known?.trusted !== trusted || known.keys !== (await keySets.find(trusted, now.getTime())))
    return undefined;
  const { exp = 0, nbf = 0 } = known.payload;
  const seconds = Math.floor(now.getTime() / 1000);
  const isValid = exp > seconds - CLOCK_SKEW_SECONDS && nbf <= seconds + CLOCK_SKEW_SECONDS;
  return isValid ? known.payload : undefined;
}

async function verifyNow(
  token: string,
  trusted: TrustedIssuer,
  { keySets, now }: Verifying,
): Promise<JWTPayload> {
  let used: LocalJWKSet | undefined;
  const { payload } = await jwtVerify(
    token,
    async (header, jws) => {
      const keys = await keySets.find(trusted, now.getTime());
      used = keys;
      return keys(header, jws).catch(async (failure) => {
        if (!(failure instanceof errors.JWKSNoMatchingKey)) throw failure;
        used = await keySets.findNewer(trusted, now.getTime());
        return used(header, jws);
      });
    },
    {
      issuer: trusted.issuer,
      audience: trusted.audience,
      algorithms: [...(trusted.algorithms ?? TOKEN_ALGORITHMS)],
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: now,
    },
  );
  if (used && token.length <= LONGEST_KEPT) verified.set(token, { trusted, keys: used, payload });
  return payload;
}
